"""Remediation steps as they stand in a schema file, compiled and checked against the schema."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.remediation import changes
from dataquarantine.validation.remediation.paths import (
    Path,
    field_type,
    holder_type,
    parse_path,
)
from dataquarantine.validation.remediation.steps import (
    Default,
    DropUnknown,
    Rename,
    Rewrite,
    Set,
    Step,
)
from dataquarantine.validation.rules.checked import coerced
from dataquarantine.validation.rules.checker import check_value
from dataquarantine.validation.rules.declarations import document_type
from dataquarantine.validation.rules.diagnostics import (
    EvaluationError,
    InvalidRule,
    Mistake,
    did_you_mean,
)
from dataquarantine.validation.rules.parser import parse
from dataquarantine.validation.rules.terms import Term, paths_read
from dataquarantine.validation.rules.times import zone
from dataquarantine.validation.rules.types import Kind, Type

_MAX_STEPS = 100
_CAST_OF_KIND = {
    Kind.INT: "integer",
    Kind.DOUBLE: "number",
    Kind.STRING: "string",
    Kind.DATE_TIME: "string",
    Kind.BOOL: "boolean",
}


class Remediation:
    """The repair steps of one schema version.

    Cost: a copy of the document and two passes over the steps; only for records that failed.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)

    def apply(self, document: Any, now: datetime) -> tuple[Any, tuple[str, ...]]:
        """Return a repaired copy and the labels of the steps that changed something.

        Applying again changes nothing: steps that do not settle after one pass (each undoes
        another) are not applied at all.
        """
        changed, taken = self._pass(document, now)
        if not taken or self._pass(changed, now)[1]:
            return document, ()
        return changed, taken

    def _pass(self, document: Any, now: datetime) -> tuple[Any, tuple[str, ...]]:
        changed = copy.deepcopy(document)
        taken = tuple(step.label for step in self._steps if step.change(changed, now))
        return changed, taken


def compile_remediation(
    steps: Sequence[Mapping[str, Any]],
    definition: Mapping[str, Any] | None,
    *,
    keep: Collection[str] = (),
) -> Remediation:
    """Compile the steps of a schema version.

    Args: definition: its JSON Schema; None when the fields are not known. keep: top-level fields
        that `drop_unknown` never removes (what selects the schema).
    Raises: InvalidSchema naming the step and the remedy.
    """
    if len(steps) > _MAX_STEPS:
        raise InvalidSchema(f"{len(steps)} remediation steps", remedy=f"at most {_MAX_STEPS}")
    compiler = _Compiler(document_type(definition), definition is not None, frozenset(keep))
    compiler.renamed = _rename_sources(steps)
    made = [step for number, each in enumerate(steps) for step in compiler.steps(number, each)]
    _refuse_undone(made)
    return Remediation(made)


class _Compiler:
    def __init__(self, document: Type, known: bool, keep: frozenset[str]) -> None:
        self._document = document
        self._known = known
        self._keep = keep
        self._where = ""
        self.renamed: frozenset[str] = frozenset()
        self._kinds: dict[str, Callable[[Any], Iterator[Step]]] = {
            "default": self._default,
            "cast": self._cast,
            "rename": self._rename,
            "trim": lambda value: self._text("trim", value),
            "lower": lambda value: self._text("lower", value),
            "upper": lambda value: self._text("upper", value),
            "parse_date": self._parse_date,
            "map": self._map,
            "drop_unknown": self._drop_unknown,
            "set": self._set,
        }

    def steps(self, number: int, step: Any) -> Iterator[Step]:
        """Compile one entry of the list; short forms may name several fields."""
        self._where = f"remediation[{number}]"
        if not isinstance(step, Mapping) or len(step) != 1:
            raise self._wrong("a step has one name", "such as `- trim: user_id`")
        name, value = next(iter(step.items()))
        self._where = f"remediation[{number}] {name}"
        if name not in self._kinds:
            remedy = did_you_mean(str(name), self._kinds) or f"use {', '.join(self._kinds)}"
            raise self._wrong("unknown step", remedy)
        yield from self._kinds[name](value)

    def _default(self, value: Any) -> Iterator[Step]:
        options = self._options(value, {"field", "value"}, {"replace_null"})
        path = self._path(options["field"])
        given = _exact_json(options["value"])
        expected = self._type(path)
        if not _fits(given, expected):
            raise self._wrong(
                f"{path} is declared {expected}, the value is of another type", "correct the value"
            )
        label = f"default {path}"
        yield Default(label, path, given, self._flag(options, "replace_null"))

    def _cast(self, value: Any) -> Iterator[Step]:
        given, fields = None, value
        if isinstance(value, Mapping):
            options = self._options(value, {"field"}, {"to"})
            given, fields = options.get("to"), options["field"]
        for path in self._paths(fields):
            to = given or _CAST_OF_KIND.get(_element_of(self._type(path), path).kind)
            if to not in changes.CASTS:
                problem = f"{given!r} is no type" if given else f"the type of {path} is not known"
                raise self._wrong(problem, f"give `to`: {', '.join(changes.CASTS)}")
            yield Rewrite(f"cast {path} to {to}", path, changes.CASTS[to])

    def _rename(self, value: Any) -> Iterator[Step]:
        options = self._options(value, {"from", "to"}, set())
        path = parse_path(options["from"], self._where)
        target = parse_path(options["to"], self._where)
        if target.parent and target.parent != path.parent:
            raise self._wrong(
                "a field is renamed within its object", "move it by `set`, then drop_unknown"
            )
        moved = Path(target.text, (*path.parent, *target.segments[-1:]))
        self._refuse_undeclared(moved)
        if path.segments[-1].lists or target.segments[-1].lists:
            raise self._wrong("a rename names a field, not list elements", "leave out the last []")
        yield Rename(f"rename {path} to {target.name}", path, target.name)

    def _text(self, name: str, value: Any) -> Iterator[Step]:
        fields = value
        if isinstance(value, Mapping):
            fields = self._options(value, {"field"}, set())["field"]
        for path in self._paths(fields):
            yield Rewrite(f"{name} {path}", path, changes.TEXT_CHANGES[name])

    def _parse_date(self, value: Any) -> Iterator[Step]:
        options = self._options(value, {"field", "formats"}, {"zone", "to"})
        to = options.get("to", "date-time")
        if to not in ("date-time", "date"):
            raise self._wrong(f"to: {to!r} is unknown", "write date-time or date")
        formats = options["formats"]
        if not isinstance(formats, list) or not formats:
            raise self._wrong("formats must be a list", "such as [epoch_ms, '%d/%m/%Y']")
        for each in formats:
            self._check_format(each)
        parser = changes.date_parser(
            formats, self._zone(options.get("zone")), date_only=to == "date"
        )
        for path in self._paths(options["field"]):
            yield Rewrite(f"parse_date {path}", path, parser)

    def _check_format(self, text: Any) -> None:
        if text in changes.EPOCHS:
            return
        problem = not isinstance(text, str) or not ("%Y" in text or "%y" in text)
        if not problem:
            sample = datetime(2026, 1, 31, 12, 30, 15, tzinfo=UTC)
            try:
                datetime.strptime(sample.strftime(text), text)
            except ValueError:
                problem = True
        if problem:
            raise self._wrong(
                f"{text!r} is no date format", "use epoch_s, epoch_ms or strptime with a year"
            )

    def _zone(self, name: Any) -> tzinfo:
        if name is None:
            return UTC
        try:
            return zone(str(name))
        except EvaluationError as exc:
            raise self._wrong(f"zone {name!r} is unknown", "write Europe/Berlin or +02:00") from exc

    def _map(self, value: Any) -> Iterator[Step]:
        options = self._options(value, {"field", "values"}, {"otherwise"})
        table = options["values"]
        if not isinstance(table, Mapping) or not table:
            raise self._wrong("values must be a mapping", "such as {active: ACTIVE}")
        table = {key: _exact_json(target) for key, target in table.items()}
        otherwise = options.get("otherwise", changes.UNCHANGED)
        again = changes.mapping(table)
        for target in table.values():
            if again(target) not in (changes.UNCHANGED, target):
                raise self._wrong(
                    f"{target!r} is mapped on to another value", "map straight to the last one"
                )
        for path in self._paths(options["field"]):
            yield Rewrite(f"map {path}", path, changes.mapping(table, otherwise))

    def _drop_unknown(self, value: Any) -> Iterator[Step]:
        keep: Any = []
        if isinstance(value, Mapping):
            keep = self._options(value, set(), {"keep"}).get("keep", [])
        elif value is not True:
            raise self._wrong("drop_unknown is true or has `keep`", "write drop_unknown: true")
        if not isinstance(keep, list) or not all(isinstance(name, str) for name in keep):
            raise self._wrong("keep must be a list of top-level fields", "")
        if not self._known:
            raise self._wrong("no JSON Schema says what is known", "remove the step")
        yield DropUnknown("drop_unknown", self._document, self._keep | frozenset(keep))

    def _set(self, value: Any) -> Iterator[Step]:
        options = self._options(value, {"field", "value"}, {"when"})
        path = self._path(options["field"])
        term = self._expression(options["value"], path)
        when = None
        if "when" in options:
            when = self._expression(options["when"], path, Kind.BOOL)
        elif _reads_itself(term, path):
            raise self._wrong(
                f"the value of {path} is made from itself, so a second pass would change it again",
                "add `when`, or use cast, trim, lower, upper or map",
            )
        yield Set(f"set {path}", path, term, when)

    def _expression(self, text: Any, path: Path, kind: Kind | None = None) -> Term:
        if not isinstance(text, str):
            raise self._wrong("an expression must be a text", 'quote it: "\'EUR\'" or "0"')
        _, element = holder_type(path, self._document)
        variables = {"item": element} if element is not None else {}
        try:
            node = parse(text)
            checked = check_value(node, self._document, variables)
            if kind is not None and checked.kind not in (kind, Kind.DYN):
                raise Mistake(f"expected {kind.value}, not {checked.type}", node.position)
        except Mistake as mistake:
            raise InvalidRule(mistake, text, self._where) from mistake
        return checked.term if kind is None else coerced(checked, kind).term

    def _options(self, value: Any, needed: set[str], allowed: set[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._wrong(
                "the step needs options",
                f"write {{{', '.join(f'{name}: ...' for name in sorted(needed))}}}",
            )
        given = {str(name) for name in value}
        for name in sorted(needed - given):
            raise self._wrong(f"{name} is missing", f"add {name}: ...")
        for name in sorted(given - needed - allowed):
            known = needed | allowed
            remedy = did_you_mean(name, known) or f"known are {', '.join(sorted(known))}"
            raise self._wrong(f"unknown option {name!r}", remedy)
        return value

    def _flag(self, options: Mapping[str, Any], name: str) -> bool:
        flag = options.get(name, False)
        if not isinstance(flag, bool):
            raise self._wrong(f"{name} must be true or false", "")
        return flag

    def _paths(self, fields: Any) -> list[Path]:
        names = fields if isinstance(fields, list) else [fields]
        if not names:
            raise self._wrong("no field is named", "name one")
        return [self._declared(parse_path(name, self._where)) for name in names]

    def _path(self, field: Any) -> Path:
        path = self._declared(parse_path(field, self._where))
        if path.segments[-1].lists:
            raise self._wrong(f"{path} names list elements", "name a field of them: items[].qty")
        return path

    def _declared(self, path: Path) -> Path:
        if path.text not in self.renamed:
            self._refuse_undeclared(path)
        return path

    def _refuse_undeclared(self, path: Path) -> None:
        for end in range(1, len(path.segments) + 1):
            part = Path(path.text, path.segments[:end])
            holder, _ = holder_type(part, self._document)
            if field_type(holder, part.name) is None and holder.shape is not None:
                remedy = did_you_mean(part.name, holder.shape.names())
                raise self._wrong(
                    f"no field {part.name!r} in the schema", remedy or "declare it in the schema"
                )

    def _type(self, path: Path) -> Type:
        holder, _ = holder_type(path, self._document)
        found = field_type(holder, path.name)
        return found if found is not None else Type(Kind.DYN)

    def _wrong(self, problem: str, remedy: str) -> InvalidSchema:
        return InvalidSchema(problem, where=self._where, remedy=remedy)


def _element_of(declared: Type, path: Path) -> Type:
    for _ in range(path.segments[-1].lists):
        declared = declared.item if declared.kind is Kind.LIST else Type(Kind.DYN)
    return declared


def _rename_sources(steps: Sequence[Any]) -> frozenset[str]:
    renames = [step["rename"] for step in steps if isinstance(step, Mapping) and "rename" in step]
    return frozenset(
        str(rename["from"])
        for rename in renames
        if isinstance(rename, Mapping) and "from" in rename
    )


def _refuse_undone(steps: Sequence[Step]) -> None:
    """Refuse a field that is made and then renamed away: the next pass would make it again."""
    for number, step in enumerate(steps):
        if not isinstance(step, Default | Set):
            continue
        for later in steps[number + 1 :]:
            if isinstance(later, Rename) and later.path.segments == step.path.segments:
                raise InvalidSchema(
                    f"{step.path} is made here and renamed by a later step",
                    where=f"remediation step `{step.label}`",
                    remedy=f"rename first, then use {later.to}",
                )


def _reads_itself(term: Term, path: Path) -> bool:
    names = tuple(segment.name for segment in path.segments)
    if any(segment.lists for segment in path.segments):
        return False  # read through `item`; the second pass of apply() finds what does not settle
    read = paths_read(term)
    return any(names[: len(each)] == each or each[: len(names)] == names for each in read)


def _fits(value: Any, declared: Type) -> bool:
    if value is None:
        return declared.nullable or declared.kind in (Kind.DYN, Kind.NULL)
    expected: dict[Kind, tuple[type, ...]] = {
        Kind.BOOL: (bool,),
        Kind.INT: (int,),
        Kind.DOUBLE: (int, float, Decimal),
        Kind.STRING: (str,),
        Kind.DATE_TIME: (str,),
        Kind.LIST: (list,),
        Kind.MAP: (dict,),
    }
    wanted = expected.get(declared.kind)
    if wanted is None:
        return True
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))


def _exact_json(value: Any) -> Any:
    """Take a value from YAML as the JSON that it stands for."""
    if isinstance(value, datetime):
        return changes.to_json(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return value.isoformat()
    return value

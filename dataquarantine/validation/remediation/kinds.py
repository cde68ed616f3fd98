"""What each kind of step may say, and the step that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from dataquarantine.validation.remediation import changes
from dataquarantine.validation.remediation.paths import Path, parse_path
from dataquarantine.validation.remediation.reader import StepReader
from dataquarantine.validation.remediation.steps import (
    Default,
    DropUnknown,
    Rename,
    Rewrite,
    Set,
    Step,
)
from dataquarantine.validation.rules.terms import Term, paths_read
from dataquarantine.validation.rules.types import Kind, Type

_CAST_OF_KIND = {
    Kind.INT: "integer",
    Kind.DOUBLE: "number",
    Kind.STRING: "string",
    Kind.DATE_TIME: "string",
    Kind.BOOL: "boolean",
}


def _default(reader: StepReader, value: Any) -> Iterator[Step]:
    options = reader.options(value, {"field", "value"}, {"replace_null"})
    path = reader.path(options["field"])
    given = _exact_json(options["value"])
    expected = reader.type_at(path)
    if not _fits(given, expected):
        raise reader.wrong(
            f"{path} is declared {expected}, the value is of another type", "correct the value"
        )
    label = f"default {path}"
    yield Default(label, path, given, reader.flag(options, "replace_null"))


def _cast(reader: StepReader, value: Any) -> Iterator[Step]:
    given, fields = None, value
    if isinstance(value, Mapping):
        options = reader.options(value, {"field"}, {"to"})
        given, fields = options.get("to"), options["field"]
    for path in reader.paths(fields):
        to = given or _CAST_OF_KIND.get(_element_of(reader.type_at(path), path).kind)
        if to not in changes.CASTS:
            problem = f"{given!r} is no type" if given else f"the type of {path} is not known"
            raise reader.wrong(problem, f"give `to`: {', '.join(changes.CASTS)}")
        yield Rewrite(f"cast {path} to {to}", path, changes.CASTS[to])


def _rename(reader: StepReader, value: Any) -> Iterator[Step]:
    options = reader.options(value, {"from", "to"}, set())
    path = parse_path(options["from"], reader.where)
    target = parse_path(options["to"], reader.where)
    if target.parent and target.parent != path.parent:
        raise reader.wrong(
            "a field is renamed within its object", "move it by `set`, then drop_unknown"
        )
    moved = Path(target.text, (*path.parent, *target.segments[-1:]))
    reader.refuse_undeclared(moved)
    if path.segments[-1].lists or target.segments[-1].lists:
        raise reader.wrong("a rename names a field, not list elements", "leave out the last []")
    yield Rename(f"rename {path} to {target.name}", path, target.name)


def _text(reader: StepReader, value: Any, name: str) -> Iterator[Step]:
    fields = value
    if isinstance(value, Mapping):
        fields = reader.options(value, {"field"}, set())["field"]
    for path in reader.paths(fields):
        yield Rewrite(f"{name} {path}", path, changes.TEXT_CHANGES[name])


def _parse_date(reader: StepReader, value: Any) -> Iterator[Step]:
    options = reader.options(value, {"field", "formats"}, {"zone", "to"})
    to = options.get("to", "date-time")
    if to not in ("date-time", "date"):
        raise reader.wrong(f"to: {to!r} is unknown", "write date-time or date")
    formats = options["formats"]
    if not isinstance(formats, list) or not formats:
        raise reader.wrong("formats must be a list", "such as [epoch_ms, '%d/%m/%Y']")
    for each in formats:
        reader.check_format(each)
    parser = changes.date_parser(formats, reader.zone(options.get("zone")), date_only=to == "date")
    for path in reader.paths(options["field"]):
        yield Rewrite(f"parse_date {path}", path, parser)


def _map(reader: StepReader, value: Any) -> Iterator[Step]:
    options = reader.options(value, {"field", "values"}, {"otherwise"})
    table = options["values"]
    if not isinstance(table, Mapping) or not table:
        raise reader.wrong("values must be a mapping", "such as {active: ACTIVE}")
    table = {key: _exact_json(target) for key, target in table.items()}
    otherwise = options.get("otherwise", changes.UNCHANGED)
    again = changes.mapping(table)
    for target in table.values():
        if again(target) not in (changes.UNCHANGED, target):
            raise reader.wrong(
                f"{target!r} is mapped on to another value", "map straight to the last one"
            )
    for path in reader.paths(options["field"]):
        yield Rewrite(f"map {path}", path, changes.mapping(table, otherwise))


def _drop_unknown(reader: StepReader, value: Any) -> Iterator[Step]:
    keep: Any = []
    if isinstance(value, Mapping):
        keep = reader.options(value, set(), {"keep"}).get("keep", [])
    elif value is not True:
        raise reader.wrong("drop_unknown is true or has `keep`", "write drop_unknown: true")
    if not isinstance(keep, list) or not all(isinstance(name, str) for name in keep):
        raise reader.wrong("keep must be a list of top-level fields", "")
    if not reader.known:
        raise reader.wrong("no JSON Schema says what is known", "remove the step")
    yield DropUnknown("drop_unknown", reader.document, reader.keep | frozenset(keep))


def _set(reader: StepReader, value: Any) -> Iterator[Step]:
    options = reader.options(value, {"field", "value"}, {"when"})
    path = reader.path(options["field"])
    term = reader.expression(options["value"], path)
    when = None
    if "when" in options:
        when = reader.expression(options["when"], path, Kind.BOOL)
    elif _reads_itself(term, path):
        raise reader.wrong(
            f"the value of {path} is made from itself, so a second pass would change it again",
            "add `when`, or use cast, trim, lower, upper or map",
        )
    yield Set(f"set {path}", path, term, when)


def _element_of(declared: Type, path: Path) -> Type:
    for _ in range(path.segments[-1].lists):
        declared = declared.item if declared.kind is Kind.LIST else Type(Kind.DYN)
    return declared


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


KINDS: dict[str, Callable[[StepReader, Any], Iterator[Step]]] = {
    "default": _default,
    "cast": _cast,
    "rename": _rename,
    "trim": partial(_text, name="trim"),
    "lower": partial(_text, name="lower"),
    "upper": partial(_text, name="upper"),
    "parse_date": _parse_date,
    "map": _map,
    "drop_unknown": _drop_unknown,
    "set": _set,
}

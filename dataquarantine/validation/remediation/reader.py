"""Reading the options, fields and expressions of a step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.remediation import changes
from dataquarantine.validation.remediation.paths import Path, field_type, holder_type, parse_path
from dataquarantine.validation.rules.checked import coerced
from dataquarantine.validation.rules.checker import check_value
from dataquarantine.validation.rules.diagnostics import (
    EvaluationError,
    InvalidRule,
    Mistake,
    did_you_mean,
)
from dataquarantine.validation.rules.parser import parse
from dataquarantine.validation.rules.terms import Term
from dataquarantine.validation.rules.times import zone
from dataquarantine.validation.rules.types import Kind, Type


class StepReader:
    """What the steps of one schema version may name; `where` is the step being read."""

    def __init__(
        self,
        document: Type,
        *,
        known: bool,
        keep: frozenset[str],
        renamed: frozenset[str],
    ) -> None:
        self.document = document
        self.known = known
        self.keep = keep
        self.where = ""
        self._renamed = renamed

    def options(self, value: Any, needed: set[str], allowed: set[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.wrong(
                "the step needs options",
                f"write {{{', '.join(f'{name}: ...' for name in sorted(needed))}}}",
            )
        given = {str(name) for name in value}
        for name in sorted(needed - given):
            raise self.wrong(f"{name} is missing", f"add {name}: ...")
        for name in sorted(given - needed - allowed):
            known = needed | allowed
            remedy = did_you_mean(name, known) or f"known are {', '.join(sorted(known))}"
            raise self.wrong(f"unknown option {name!r}", remedy)
        return value

    def flag(self, options: Mapping[str, Any], name: str) -> bool:
        flag = options.get(name, False)
        if not isinstance(flag, bool):
            raise self.wrong(f"{name} must be true or false", "")
        return flag

    def paths(self, fields: Any) -> list[Path]:
        names = fields if isinstance(fields, list) else [fields]
        if not names:
            raise self.wrong("no field is named", "name one")
        return [self._declared(parse_path(name, self.where)) for name in names]

    def path(self, field: Any) -> Path:
        path = self._declared(parse_path(field, self.where))
        if path.segments[-1].lists:
            raise self.wrong(f"{path} names list elements", "name a field of them: items[].qty")
        return path

    def _declared(self, path: Path) -> Path:
        if path.text not in self._renamed:
            self.refuse_undeclared(path)
        return path

    def refuse_undeclared(self, path: Path) -> None:
        for end in range(1, len(path.segments) + 1):
            part = Path(path.text, path.segments[:end])
            holder, _ = holder_type(part, self.document)
            if field_type(holder, part.name) is None and holder.shape is not None:
                remedy = did_you_mean(part.name, holder.shape.names())
                raise self.wrong(
                    f"no field {part.name!r} in the schema", remedy or "declare it in the schema"
                )

    def type_at(self, path: Path) -> Type:
        holder, _ = holder_type(path, self.document)
        found = field_type(holder, path.name)
        return found if found is not None else Type(Kind.DYN)

    def expression(self, text: Any, path: Path, kind: Kind | None = None) -> Term:
        if not isinstance(text, str):
            raise self.wrong("an expression must be a text", 'quote it: "\'EUR\'" or "0"')
        _, element = holder_type(path, self.document)
        variables = {"item": element} if element is not None else {}
        try:
            node = parse(text)
            checked = check_value(node, self.document, variables)
            if kind is not None and checked.kind not in (kind, Kind.DYN):
                raise Mistake(f"expected {kind.value}, not {checked.type}", node.position)
        except Mistake as mistake:
            raise InvalidRule(mistake, text, self.where) from mistake
        return checked.term if kind is None else coerced(checked, kind).term

    def zone(self, name: Any) -> tzinfo:
        if name is None:
            return UTC
        try:
            return zone(str(name))
        except EvaluationError as exc:
            raise self.wrong(f"zone {name!r} is unknown", "write Europe/Berlin or +02:00") from exc

    def check_format(self, text: Any) -> None:
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
            raise self.wrong(
                f"{text!r} is no date format", "use epoch_s, epoch_ms or strptime with a year"
            )

    def wrong(self, problem: str, remedy: str) -> InvalidSchema:
        return InvalidSchema(problem, where=self.where, remedy=remedy)

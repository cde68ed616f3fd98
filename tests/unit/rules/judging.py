"""Evaluate expressions three ways: generated code, interpreter, and the oracle."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from dataquarantine.schemas.documents import RuleDocument
from dataquarantine.validation.rules import CompiledRules, compile_rules
from dataquarantine.validation.rules.checker import check_value
from dataquarantine.validation.rules.declarations import document_type
from dataquarantine.validation.rules.diagnostics import EvaluationError, Mistake
from dataquarantine.validation.rules.generator import generate
from dataquarantine.validation.rules.interpreter import evaluate
from dataquarantine.validation.rules.parser import parse
from dataquarantine.validation.rules.values import plain

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ERROR = "(error)"
REFUSED = "(refused by the type check)"
_FIELD = re.compile(r"\b[a-z]\b")
_CASES = Path(__file__).parent / "oracle"


def cases() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield file, expression and document of every line of the tables."""
    for file in sorted(_CASES.glob("*.cases")):
        expression = ""
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("  "):
                yield file.stem, expression, json.loads(line)
            elif line and not line.startswith("#"):
                expression = line


def rules(*expressions: str, schema: Mapping[str, Any] | None = None, **more: Any) -> CompiledRules:
    """Compile expressions as rules r0, r1..."""
    documents = [
        RuleDocument(name=f"r{number}", expression=text, **more)
        for number, text in enumerate(expressions)
    ]
    return compile_rules(documents, schema)


def verdict(expression: str, document: Any, schema: Mapping[str, Any] | None = None) -> Any:
    """Return True, False or ERROR as a rule of its own."""
    compiled = rules(expression, schema=schema)
    found = compiled.violations(document, NOW)
    assert compiled.passes(document, NOW) is (not found)
    if not found:
        return True
    return ERROR if found[0].code == "RULE_ERROR" else False


def ours(
    expression: str, document: Any, schema: Mapping[str, Any] | None = None
) -> tuple[Any, Any]:
    """Return the values by the generated code (with its fallback) and by the interpreter."""
    try:
        term = check_value(parse(expression), document_type(schema), {}).term
    except Mistake:
        return REFUSED, REFUSED

    def exact(_: int, document: Any, now: datetime) -> Any:
        try:
            return evaluate(term, document, now)
        except EvaluationError:
            return ERROR

    _, results, _ = generate([term], exact)
    return comparable(results(document, NOW)[0]), comparable(exact(0, document, NOW))


class Oracle:
    """cel-expr-python, every field of unknown type, `message` and `now` bound."""

    def __init__(self) -> None:
        self._extensions = [ext_strings.ExtStrings()]

    def value(
        self,
        expression: str,
        document: Mapping[str, Any],
        schema: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value, ERROR, or REFUSED when the expression does not compile.

        With a schema, the document's values are first made what the schema declares.
        """
        dyn = cel.Type.DYN
        if schema is not None:
            document = _as_declared(document, schema)
        # Single letters are fields, and declared even where the document lacks them.
        names = {*_FIELD.findall(expression), *(name for name in document if name.isidentifier())}
        kinds = {"now": cel.Type.TIMESTAMP, "message": dyn, **dict.fromkeys(names, dyn)}
        for name in names:
            if isinstance(document.get(name), datetime):
                kinds[name] = cel.Type.TIMESTAMP
        present = {name: document[name] for name in names if name in document}
        data = {"now": NOW, "message": document, **present}
        try:
            compiled = cel.NewEnv(variables=kinds, extensions=self._extensions).compile(expression)
        except RuntimeError:
            return REFUSED
        try:
            result = compiled.eval(data=data)
        except RuntimeError:
            return ERROR
        return ERROR if result.type() == cel.Type.ERROR else comparable(result.plain_value())


def _as_declared(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(document)
    for name, declared in schema["properties"].items():
        if declared.get("format") == "date-time" and name in made:
            made[name] = datetime.fromisoformat(made[name])
        elif declared.get("type") == "number" and name in made:
            made[name] = float(made[name])
    return made


def comparable(value: Any) -> Any:
    """Make values of different types differ, and NaN equal to itself."""
    value = plain(value)
    if isinstance(value, float):
        return ("double", "NaN" if math.isnan(value) else value)
    if isinstance(value, int) and not isinstance(value, bool):
        return ("int", int(value))
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return ("timestamp", value.astimezone(UTC))
    if isinstance(value, timedelta):
        return ("duration", value)
    return value

"""The engines under test: each compiles a schema to a predicate, or to None if it declines it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import fastjsonschema
import jsonschema_rs

from dataquarantine.validation.json_schema import compile_json_schema
from tests.conformance.suite import Case, remotes

NOW = datetime(2026, 1, 1, tzinfo=UTC)

Predicate = Callable[[Any], bool]
Engine = Callable[[Case], Predicate | None]


def compiled(case: Case) -> Predicate:
    """The gateway's own check."""
    layer = compile_json_schema(case.schema, resources=remotes())
    return lambda data: layer.passes(data, NOW)


def reported(case: Case) -> Predicate:
    """The gateway's list of violations: empty exactly for what is valid."""
    layer = compile_json_schema(case.schema, resources=remotes())
    return lambda data: not layer.violations(data, NOW)


def second_opinion(case: Case) -> Predicate | None:
    """fastjsonschema where its keywords are known to agree; declines the rest."""
    return compile_json_schema(case.schema, resources=remotes()).second_opinion


def jsonschema_rs_plain(case: Case) -> Predicate:
    """jsonschema-rs with its defaults, formats asserted."""
    known = remotes()
    validator = jsonschema_rs.validator_for(
        case.schema,
        validate_formats=True if case.kind == "format" else None,
        retriever=known.__getitem__,
    )
    return validator.is_valid


def fastjsonschema_plain(case: Case) -> Predicate:
    """fastjsonschema with its defaults, formats asserted."""
    known = remotes()
    judge = fastjsonschema.compile(
        case.schema,
        handlers={"http": known.__getitem__, "https": known.__getitem__},
        use_default=False,
        use_formats=case.kind == "format",
    )

    def passes(data: Any) -> bool:
        try:
            judge(data)
        except fastjsonschema.JsonSchemaValueException:
            return False
        return True

    return passes


ENGINES: dict[str, Engine] = {
    "gateway": compiled,
    "gateway, violations": reported,
    "jsonschema-rs": jsonschema_rs_plain,
    "fastjsonschema, second opinion": second_opinion,
    "fastjsonschema": fastjsonschema_plain,
}

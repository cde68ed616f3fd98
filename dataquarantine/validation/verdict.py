"""The outcome of one document under one schema version."""

from __future__ import annotations

import logging
import traceback
from datetime import datetime
from typing import Any

import msgspec

from dataquarantine.outcomes import (
    Code,
    ErrorType,
    Severity,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.validation.compiled import CompiledSchema
from dataquarantine.validation.violations import PartOfViolations

logger = logging.getLogger(__name__)


def judge_document(
    schema: CompiledSchema, document: Any, now: datetime, *, was_avro: bool = False
) -> ValidationOutcome:
    """Judge a document, naming everything that the first failing layer has against it.

    A layer that raises is the record's outcome, never an exception.
    """
    warnings: list[Violation] = []
    for layer in schema.avro_layers if was_avro else schema.layers:
        try:
            if layer.passes(document, now):
                continue
            found = layer.violations(document, now)
        except Exception as exc:
            return validator_failed(schema, exc)
        errors = [violation for violation in found if violation.severity is Severity.ERROR]
        if len(errors) < len(found):
            warnings += [violation for violation in found if violation.severity is Severity.WARN]
        if errors:
            return rejected(
                layer.error_type,
                errors + warnings,
                schema_name=schema.name,
                schema_version=schema.version,
                truncated=isinstance(found, PartOfViolations),
            )
    return _accepted(schema, warnings) if warnings else schema.valid


def validator_failed(
    schema: CompiledSchema | None, problem: Exception, *, silent: bool = False
) -> ValidationOutcome:
    """Make the outcome of a record whose judging raised; logged once per schema version."""
    what = f"the validator of {schema.document.reference}" if schema else "the validator"
    if not silent and (schema is None or not schema.failure_logged):
        # The exception's text may quote the record: where it was raised is told, not what it says.
        places = [f"{at.name}:{at.lineno}" for at in traceback.extract_tb(problem.__traceback__)]
        logger.error(
            "%s raised %s at %s; such records are quarantined as validator_error",
            what,
            type(problem).__name__,
            " > ".join(places[-4:]),
            extra={"action": "validator_raised"},
        )
    if schema is not None:
        schema.failure_logged = True
    return rejected(
        ErrorType.VALIDATOR_ERROR,
        [
            Violation(
                Code.VALIDATOR_FAILED, "validator", f"{what} failed ({type(problem).__name__})"
            )
        ],
        result=ValidationResult.ERROR,
        schema_name=schema.name if schema else None,
        schema_version=schema.version if schema else None,
    )


def output_key(document: Any, key: str, own: bytes | None) -> bytes | None:
    """Read the declared key field (`user_id`, `user.id`) as UTF-8 text; else the record's own."""
    value = document.get(key)
    if value.__class__ is str:
        return value.encode()
    if value is None and "." in key:
        value = document
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        return own
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


def _accepted(schema: CompiledSchema, warnings: list[Violation]) -> ValidationOutcome:
    return ValidationOutcome(
        ValidationResult.VALID,
        schema_name=schema.name,
        schema_version=schema.version,
        violations=tuple(warnings),
    )

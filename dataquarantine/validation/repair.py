"""Remediation of a record that failed: repair a copy, judge it again, keep it only if it passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from dataquarantine.outcomes import (
    Code,
    ErrorType,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.validation.compiled import CompiledSchema
from dataquarantine.validation.payload import decode_exact, decode_json, encode_exact
from dataquarantine.validation.verdict import judge_document


@dataclass(frozen=True, slots=True)
class Repaired:
    """What came of it; `body` is None when the record stays as it was."""

    outcome: ValidationOutcome
    body: bytes | None = None
    document: Any = None


def repair(
    schema: CompiledSchema,
    body: bytes,
    selectors: Sequence[str],
    failed: ValidationOutcome,
    now: datetime,
) -> Repaired:
    """Apply the schema's steps to a refused record.

    Args: body: its JSON, decoded again so that decimals keep every digit.
        selectors: fields that the steps and the judge must not see, but the forwarded record keeps.
    """
    if schema.remediation is None:
        return Repaired(failed)
    try:
        original = decode_exact(body)
        document = _without(original, selectors)
        changed, steps = schema.remediation.apply(document, now)
        if not steps:
            return Repaired(failed)
        judged = decode_json(encode_exact(changed))
    except Exception as exc:
        return Repaired(_remediation_failed(schema, failed, exc))
    outcome = judge_document(schema, judged, now)
    if not outcome.passed:
        return Repaired(failed)
    accepted = msgspec.structs.replace(outcome, remediated=True, remediation_steps=tuple(steps))
    return Repaired(accepted, encode_exact(_with_selectors(original, changed, selectors)), judged)


def _without(document: Any, selectors: Sequence[str]) -> Any:
    if not selectors:
        return document
    return {name: value for name, value in document.items() if name not in selectors}


def _with_selectors(original: Any, changed: Any, selectors: Sequence[str]) -> Any:
    """Put the selector fields back where they stood."""
    if not selectors or not isinstance(changed, dict):
        return changed
    kept = {
        name: original[name] if name in selectors else changed[name]
        for name in original
        if name in selectors or name in changed
    }
    return {**kept, **changed}


def _remediation_failed(
    schema: CompiledSchema, failed: ValidationOutcome, problem: Exception
) -> ValidationOutcome:
    message = f"the remediation of {schema.document.reference} failed ({type(problem).__name__})"
    return rejected(
        ErrorType.REMEDIATION_ERROR,
        [Violation(Code.REMEDIATION_FAILED, "remediation", message), *failed.violations],
        result=ValidationResult.ERROR,
        schema_name=schema.name,
        schema_version=schema.version,
    )

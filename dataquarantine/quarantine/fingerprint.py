"""Which records are bad in the same way."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from dataquarantine.outcomes import Code, ErrorType, Severity, ValidationOutcome, Violation

VERSION = "v1"

#: The segment after one of these is a name that the schema's author chose.
_NAMING = frozenset(
    ["properties", "$defs", "definitions", "dependentSchemas", "dependencies", "rules"]
)
_KEYWORD = re.compile(r"\$?[A-Za-z][A-Za-z]*\Z")
#: These miss a property that the schema declares, so its name tells two faults apart.
_NAMES_WHAT_IS_MISSING = frozenset([Code.MISSING_FIELD, Code.DEPENDENCY_MISSING])


def fingerprint(outcome: ValidationOutcome) -> str:
    """Name the fault of a record that did not pass; equal for records bad in the same way.

    Made of schema name, error type, code, rule and the place in the schema. What the sender
    chooses (array positions, undeclared names, values, the schema's version) is left out, so the
    number of fingerprints is bounded by the schema and not by the data.
    """
    first = headline(outcome)
    return _fingerprint(
        outcome.schema_name,
        outcome.error_type,
        first.code if first else None,
        first.keyword_location if first else "",
        _missing_name(first) if first else None,
        first.rule if first else None,
    )


def headline(outcome: ValidationOutcome) -> Violation | None:
    """Pick the violation that stands for the record: the first that stops it."""
    for violation in outcome.violations:
        if violation.severity is Severity.ERROR:
            return violation
    return outcome.violations[0] if outcome.violations else None


def _missing_name(violation: Violation) -> str | None:
    if violation.code not in _NAMES_WHAT_IS_MISSING or violation.field_path is None:
        return None
    return violation.field_path.rpartition(".")[2]


@lru_cache(maxsize=4096)
def _fingerprint(
    schema: str | None,
    error_type: ErrorType | None,
    code: Code | None,
    keyword_location: str,
    missing: str | None,
    rule: str | None,
) -> str:
    parts = [schema, error_type, code, stable_location(keyword_location), missing, rule]
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return f"{VERSION}:{digest[:24]}"


def stable_location(pointer: str) -> str:
    """Keep keywords and declared names of a schema pointer; every other segment becomes `*`."""
    kept: list[str] = []
    after_naming = False
    for segment in pointer.split("/")[1:]:
        if after_naming:
            kept.append(segment)
            after_naming = False
            continue
        kept.append(segment if _KEYWORD.match(segment) else "*")
        after_naming = segment in _NAMING
    return "/" + "/".join(kept) if kept else ""

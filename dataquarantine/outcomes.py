"""The judgement of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

MAX_VIOLATIONS = 20


class ValidationResult(StrEnum):
    """How a record was judged."""

    VALID = "VALID"
    INVALID = "INVALID"
    ERROR = "ERROR"  # it could not be judged: no schema, or the validator failed


class ErrorType(StrEnum):
    """Why a record did not pass, coarse; the first layer that failed decides."""

    MALFORMED_PAYLOAD = "malformed_payload"
    SIZE_VIOLATION = "size_violation"
    SCHEMA_MISSING = "schema_missing"
    SCHEMA_NOT_FOUND = "schema_not_found"
    SCHEMA_VIOLATION = "schema_violation"
    TYPE_VIOLATION = "type_violation"
    RULE_VIOLATION = "rule_violation"
    REMEDIATION_ERROR = "remediation_error"
    VALIDATOR_ERROR = "validator_error"
    PRODUCE_ERROR = "produce_error"


class Code(StrEnum):
    """What is wrong, fine; stable across releases, made to route and group on."""

    # payload
    EMPTY_VALUE = "EMPTY_VALUE"
    NOT_JSON = "NOT_JSON"
    INVALID_ENCODING = "INVALID_ENCODING"
    NESTED_TOO_DEEP = "NESTED_TOO_DEEP"
    NOT_AVRO = "NOT_AVRO"
    UNKNOWN_FRAMING = "UNKNOWN_FRAMING"
    RECORD_TOO_LARGE = "RECORD_TOO_LARGE"
    NOT_AN_ENVELOPE = "NOT_AN_ENVELOPE"  # found in the dead letter topic, not written by us
    # finding the schema
    SCHEMA_MISSING = "SCHEMA_MISSING"
    SCHEMA_REFERENCE_INVALID = "SCHEMA_REFERENCE_INVALID"
    SCHEMA_UNKNOWN = "SCHEMA_UNKNOWN"
    SCHEMA_VERSION_UNKNOWN = "SCHEMA_VERSION_UNKNOWN"
    # structure and types
    MISSING_FIELD = "MISSING_FIELD"
    WRONG_TYPE = "WRONG_TYPE"
    PATTERN_MISMATCH = "PATTERN_MISMATCH"
    ENUM_MISMATCH = "ENUM_MISMATCH"
    CONST_MISMATCH = "CONST_MISMATCH"
    FORMAT_MISMATCH = "FORMAT_MISMATCH"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NOT_A_MULTIPLE = "NOT_A_MULTIPLE"
    WRONG_LENGTH = "WRONG_LENGTH"
    WRONG_ITEM_COUNT = "WRONG_ITEM_COUNT"
    DUPLICATE_ITEMS = "DUPLICATE_ITEMS"
    MISSING_ITEM = "MISSING_ITEM"
    WRONG_PROPERTY_COUNT = "WRONG_PROPERTY_COUNT"
    INVALID_PROPERTY_NAME = "INVALID_PROPERTY_NAME"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    UNKNOWN_ITEM = "UNKNOWN_ITEM"
    DEPENDENCY_MISSING = "DEPENDENCY_MISSING"
    NO_ALTERNATIVE_MATCHES = "NO_ALTERNATIVE_MATCHES"
    SEVERAL_ALTERNATIVES_MATCH = "SEVERAL_ALTERNATIVES_MATCH"
    FORBIDDEN = "FORBIDDEN"
    CONTENT_MISMATCH = "CONTENT_MISMATCH"
    INVALID_VALUE = "INVALID_VALUE"
    # rules, remediation, machinery
    RULE_FAILED = "RULE_FAILED"
    RULE_ERROR = "RULE_ERROR"
    REMEDIATION_FAILED = "REMEDIATION_FAILED"
    VALIDATOR_FAILED = "VALIDATOR_FAILED"
    POISON = "POISON"
    PRODUCE_FAILED = "PRODUCE_FAILED"


class Severity(StrEnum):
    """Whether a violation stops a record or is only counted."""

    ERROR = "error"
    WARN = "warn"


# Structs, not dataclasses: making a frozen dataclass costs 1 us, and a refused record needs three.


class Violation(msgspec.Struct, frozen=True, gc=False):
    """One broken rule. Messages hold path, expectation and a short value, masked where `x-pii`.

    `field_path` is dotted (`items[0].price`), the locations are RFC 6901 JSON Pointers. A name that
    the sender chose is shown with escapes, and cut after 64 characters.
    """

    code: Code
    keyword: str
    message: str
    field_path: str | None = None
    instance_location: str = ""
    keyword_location: str = ""
    rule: str | None = None
    severity: Severity = Severity.ERROR


class ValidationOutcome(msgspec.Struct, frozen=True, gc=False):
    """The judgement of one record; instances for valid records are shared, not made per record."""

    result: ValidationResult
    error_type: ErrorType | None = None
    error_message: str | None = None
    field_path: str | None = None
    remediated: bool = False
    schema_name: str | None = None
    schema_version: str | None = None
    violations: tuple[Violation, ...] = ()
    violations_truncated: bool = False
    remediation_steps: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.result is ValidationResult.VALID


#: A forwarded empty value (`on_tombstone: forward`); the ledger counts it apart.
TOMBSTONE_FORWARDED = ValidationOutcome(ValidationResult.VALID)


def rejected(
    error_type: ErrorType,
    violations: Sequence[Violation],
    *,
    result: ValidationResult = ValidationResult.INVALID,
    schema_name: str | None = None,
    schema_version: str | None = None,
    truncated: bool = False,
) -> ValidationOutcome:
    """Make the outcome of a record that did not pass; the first violation is its headline."""
    first = violations[0]
    kept = tuple(violations[:MAX_VIOLATIONS])
    return ValidationOutcome(
        result,
        error_type,
        first.message,
        first.field_path,
        False,
        schema_name,
        schema_version,
        kept,
        truncated or len(violations) > MAX_VIOLATIONS,
    )


@dataclass(slots=True)
class JudgedChunk:
    """The judgement of a chunk of N records.

    outcomes: N, in the records' order.
    keys: N output keys: the schema's declared key field as UTF-8 text, else the record's own key.
    remediated: position -> new value, for records that passed only after remediation.
    originals: positions of remediated records whose own bytes must be kept (`keep_original`).
    rendered: position -> JSON text of the payload, for records that did not pass and could be
        decoded (for JSON the original bytes themselves); absent means: shown as bytes only.
    """

    outcomes: list[ValidationOutcome]
    keys: list[bytes | None]
    remediated: dict[int, bytes] = field(default_factory=dict)
    rendered: dict[int, bytes] = field(default_factory=dict)
    originals: set[int] = field(default_factory=set)

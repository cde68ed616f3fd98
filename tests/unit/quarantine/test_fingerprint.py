"""Which records are bad in the same way."""

from __future__ import annotations

from typing import Any

import pytest

from dataquarantine.outcomes import Code, ErrorType, Severity, Violation, rejected
from dataquarantine.quarantine.fingerprint import fingerprint, stable_location


def fingerprint_of(
    *,
    schema: str = "order",
    version: str = "1.0.0",
    error_type: ErrorType = ErrorType.SCHEMA_VIOLATION,
    **violation: Any,
) -> str:
    values = {
        "code": Code.WRONG_TYPE,
        "keyword": "type",
        "message": "'a' is not of type 'number'",
        "field_path": "items[0].price",
        "instance_location": "/items/0/price",
        "keyword_location": "/properties/items/items/properties/price/type",
    }
    return fingerprint(
        rejected(
            error_type,
            [Violation(**(values | violation))],
            schema_name=schema,
            schema_version=version,
        )
    )


@pytest.mark.parametrize(
    "change",
    [
        {"message": "'b' is not of type 'number'"},
        {"field_path": "items[7].price", "instance_location": "/items/7/price"},
        {"version": "2.0.0"},
    ],
    ids=["another value", "another position", "another version"],
)
def test_what_the_sender_chooses_does_not_matter(change: dict[str, Any]) -> None:
    assert fingerprint_of(**change) == fingerprint_of()


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "other"},
        {"error_type": ErrorType.TYPE_VIOLATION},
        {"code": Code.OUT_OF_RANGE},
        {"keyword_location": "/properties/items/items/properties/count/type"},
        {"rule": "price_is_positive"},
    ],
    ids=["schema", "error type", "code", "place", "rule"],
)
def test_what_is_wrong_does_matter(change: dict[str, Any]) -> None:
    assert fingerprint_of(**change) != fingerprint_of()


def test_two_missing_fields_are_two_faults_wherever_they_are_missing() -> None:
    def missing(field_path: str) -> str:
        return fingerprint_of(
            code=Code.MISSING_FIELD,
            keyword_location="/properties/items/items/required",
            field_path=field_path,
        )

    assert missing("items[0].a") == missing("items[3].a")
    assert missing("items[0].a") != missing("items[0].b")


def test_a_warning_does_not_stand_for_the_record() -> None:
    warning = Violation(Code.RULE_FAILED, "rule", "odd", severity=Severity.WARN, rule="odd")
    fault = Violation(Code.MISSING_FIELD, "required", "missing", "a", "", "/required")

    both = rejected(ErrorType.SCHEMA_VIOLATION, [warning, fault])
    alone = rejected(ErrorType.SCHEMA_VIOLATION, [fault])

    assert fingerprint(both) == fingerprint(alone)


def test_it_never_changes_between_releases() -> None:
    assert fingerprint_of() == "v1:dd7400d679bb6c779a01533c"


@pytest.mark.parametrize(
    ("pointer", "stable"),
    [
        ("", ""),
        ("/required", "/required"),
        ("/properties/user_id/pattern", "/properties/user_id/pattern"),
        ("/properties/properties/type", "/properties/properties/type"),
        ("/allOf/3/properties/a~1b/type", "/allOf/*/properties/a~1b/type"),
        ("/$defs/Address/properties/zip/$ref", "/$defs/Address/properties/zip/$ref"),
        ("/patternProperties/^x-/type", "/patternProperties/*/type"),
    ],
)
def test_positions_in_a_schema_become_stars(pointer: str, stable: str) -> None:
    assert stable_location(pointer) == stable

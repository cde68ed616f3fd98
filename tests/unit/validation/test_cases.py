"""Golden cases: tests/cases/<name>/{schema.yaml, record.json, expected.json}.

A new case needs no Python: write schema and record, leave out what `expected.json` need not say.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from dataquarantine.outcomes import ValidationOutcome, Violation
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.schemas.text import parse_yaml
from tests.unit.validation.judging import engine_of, record

FOLDER = Path(__file__).parents[2] / "cases"
CASES = sorted(path.parent for path in FOLDER.glob("*/expected.json"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 25


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_case_comes_out_as_written(case: Path) -> None:
    document = SchemaDocument.model_validate(parse_yaml((case / "schema.yaml").read_text("utf-8")))
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    value = (case / "record.json").read_bytes().rstrip(b"\n")

    chunk = engine_of(ListedSchema(document)).judge([record(value)])

    outcome = _told(chunk.outcomes[0])
    outcome["key"] = (chunk.keys[0] or b"").decode()
    outcome["forwarded"] = chunk.remediated.get(0, b"").decode() or None
    assert {name: outcome[name] for name in expected} == expected


def _told(outcome: ValidationOutcome) -> dict[str, Any]:
    return {
        "result": outcome.result,
        "error_type": outcome.error_type,
        "error_message": outcome.error_message,
        "field_path": outcome.field_path,
        "remediated": outcome.remediated,
        "remediation_steps": list(outcome.remediation_steps),
        "schema": f"{outcome.schema_name}@{outcome.schema_version}",
        "violations_truncated": outcome.violations_truncated,
        "violations": [_violation(violation) for violation in outcome.violations],
    }


def _violation(violation: Violation) -> dict[str, Any]:
    told = {
        "code": violation.code,
        "keyword": violation.keyword,
        "message": violation.message,
        "field_path": violation.field_path,
        "instance_location": violation.instance_location,
        "keyword_location": violation.keyword_location,
    }
    if violation.rule:
        told |= {"rule": violation.rule, "severity": violation.severity}
    return told

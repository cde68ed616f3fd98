"""Random rules on random documents: generated code, interpreter and oracle agree."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings

from .expressions import SCHEMA, fitting_documents, loose_documents, truths
from .judging import REFUSED, Oracle, ours

ORACLE = Oracle()
_SETTINGS = settings(
    max_examples=1000,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@_SETTINGS
@given(truths(3, dates=False), loose_documents)
def test_untyped_rules_agree(expression: str, document: dict[str, Any]) -> None:
    generated, interpreted = ours(expression, document)
    assert generated == interpreted

    expected = ORACLE.value(expression, document)

    assert generated == expected or REFUSED in (generated, expected)


@_SETTINGS
@given(truths(3, dates=True), fitting_documents)
def test_typed_rules_agree(expression: str, document: dict[str, Any]) -> None:
    generated, interpreted = ours(expression, document, SCHEMA)
    assert generated == interpreted

    expected = ORACLE.value(expression, document, SCHEMA)

    assert generated == expected or REFUSED in (generated, expected)

"""Every line of `oracle/*.cases` gives what Google's own CEL gives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .judging import ERROR, REFUSED, Oracle, cases, ours

#: Where we differ on purpose.
DIFFERENCES = {
    ("int(a)", '{"a": true}'): "the oracle's own type check refuses int(bool), only not on dyn",
}
CASES = list(cases())
ORACLE = Oracle()


@pytest.mark.parametrize(
    ("expression", "document"),
    [(expression, document) for _, expression, document in CASES],
    ids=[f"{file}: {expression} {document}" for file, expression, document in CASES],
)
def test_value_is_what_the_oracle_says(expression: str, document: dict[str, Any]) -> None:
    expected = ORACLE.value(expression, document)
    if (expression, json.dumps(document)) in DIFFERENCES:
        expected = ERROR

    generated, interpreted = (_no_value(each) for each in ours(expression, document))

    assert generated == _no_value(expected)
    assert interpreted == _no_value(expected)


def _no_value(found: Any) -> Any:
    """Whether it is refused before or fails on the record does not matter here."""
    return ERROR if found == REFUSED else found


def test_tables_hold_enough_cases() -> None:
    assert len(CASES) >= 300

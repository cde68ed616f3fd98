"""The examples of the reference pages work."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dataquarantine.errors import InvalidSchema
from dataquarantine.schemas.documents import RuleDocument
from dataquarantine.validation.remediation import compile_remediation, decode_exact, encode_exact
from dataquarantine.validation.rules import compile_rules
from dataquarantine.validation.rules.calls import ALWAYS_KNOWN
from dataquarantine.validation.rules.functions import FUNCTIONS

from .judging import NOW

_DOCS = Path(__file__).parents[3] / "docs" / "reference"


def _blocks(page: str, language: str) -> list[str]:
    text = (_DOCS / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _first_schema(page: str) -> dict[str, Any]:
    schema: dict[str, Any] = yaml.safe_load(_blocks(page, "yaml")[0])["schema"]
    return schema


@pytest.mark.parametrize("block", _blocks("rules.md", "yaml"))
def test_rules_of_the_page_judge_a_good_record(block: str) -> None:
    rules = [RuleDocument.model_validate(rule) for rule in yaml.safe_load(block)["rules"]]
    record = {
        "timestamp": "2025-12-31T00:00:00Z",
        "amount": 5,
        "currency": "EUR",
        "country": None,
        "items": [{"sku": "a", "qty": 1, "price": 2}],
    }

    compiled = compile_rules(rules, _first_schema("rules.md"))

    assert compiled.violations(record, NOW) == []


def test_mistake_is_shown_as_the_page_says() -> None:
    (shown,) = _blocks("rules.md", "text")

    with pytest.raises(InvalidSchema) as caught:
        compile_rules(
            [RuleDocument(name="not_in_future", expression="timestmp <= now()")],
            _first_schema("rules.md"),
        )

    assert str(caught.value) == shown.rstrip()


def test_every_function_is_on_the_page() -> None:
    text = (_DOCS / "rules.md").read_text("utf-8")

    missing = [name for name in {*FUNCTIONS, *ALWAYS_KNOWN} if f"`{name}" not in text]

    assert missing == []


def test_remediation_example_gives_what_the_page_says() -> None:
    page = yaml.safe_load(_blocks("remediation.md", "yaml")[0])
    before, after = _blocks("remediation.md", "json")
    remediation = compile_remediation(page["remediation"], page["schema"])

    document, _ = remediation.apply(decode_exact(before.encode()), NOW)

    assert encode_exact(document).decode() == after.strip()
    assert json.loads(after)

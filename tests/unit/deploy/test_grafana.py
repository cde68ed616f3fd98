"""The dashboards: made by the code beside them, asking for metrics that there are."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deploy.promql import declared, metrics_of

FOLDER = Path(__file__).parents[3] / "deploy" / "grafana"
BOARDS = sorted((FOLDER / "dashboards").glob("*.json"))


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in board["panels"]:
        yield from panels(panel) if panel.get("panels") else [panel]


def expressions() -> list[str]:
    boards = [json.loads(path.read_text("utf-8")) for path in BOARDS]
    return [
        target["expr"]
        for board in boards
        for panel in panels(board)
        for target in panel.get("targets", [])
    ]


def test_the_checked_in_dashboards_are_what_the_code_makes() -> None:
    made = runpy.run_path(str(FOLDER / "generate.py"))["pages"]()

    assert {path: path.read_text("utf-8") for path in BOARDS} == made


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_an_expression_parses_and_reads_metrics_that_there_are(expression: str) -> None:
    read = metrics_of(expression)

    assert read
    assert read <= declared()

"""The tour leads somewhere, and stays short."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOUR = ROOT / "docs" / "tour.md"
STEP = re.compile(r"^\d+\. \[`([\w.]+)`\]\(([^)]+)\)", re.MULTILINE)
AGENTS = sorted((ROOT / "agents").glob("*.py"))


def functions(tree: ast.AST, prefix: str = "") -> dict[str, ast.AST]:
    """Name every function of a module, methods as `Class.method`."""
    found: dict[str, ast.AST] = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            found |= functions(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[prefix + node.name] = node
    return found


def test_each_step_names_a_function_of_its_file() -> None:
    steps = STEP.findall(TOUR.read_text("utf-8"))

    assert 0 < len(steps) <= 8
    for name, link in steps:
        source = (TOUR.parent / link).resolve().read_text("utf-8")
        assert name in functions(ast.parse(source)), f"{link} has no {name}"


def test_other_links_of_the_tour_lead_to_files() -> None:
    links = re.findall(r"\]\(([^)#]+)", TOUR.read_text("utf-8"))

    assert [link for link in links if not (TOUR.parent / link).exists()] == []


@pytest.mark.parametrize("path", AGENTS, ids=[path.stem for path in AGENTS])
def test_an_agents_body_is_at_most_25_lines(path: Path) -> None:
    for name, node in functions(ast.parse(path.read_text("utf-8"))).items():
        length = (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0)
        assert length <= 25, f"{name} has {length} lines"

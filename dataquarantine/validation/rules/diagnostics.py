"""How a rule that can't be compiled is reported, and how one that can't be evaluated is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from dataquarantine.errors import InvalidSchema


class Mistake(Exception):
    """Something wrong at a position of a source; `compile` turns it into an InvalidRule."""

    def __init__(self, problem: str, position: int, remedy: str = "") -> None:
        self.problem = problem
        self.position = position
        self.remedy = remedy
        super().__init__(problem)


class InvalidRule(InvalidSchema):
    """A rule can't be compiled; the text ends with the line and a caret under the place."""

    def __init__(self, mistake: Mistake, source: str, owner: str) -> None:
        before = source[: mistake.position]
        self.line = before.count("\n") + 1
        self.column = mistake.position - (before.rfind("\n") + 1) + 1
        lines = source.splitlines()
        self.excerpt = lines[self.line - 1] if self.line <= len(lines) else ""
        super().__init__(
            mistake.problem,
            where=f"{owner}, line {self.line}, column {self.column}",
            remedy=mistake.remedy,
        )

    @property
    def pointed(self) -> str:
        """The line of the rule, and below it a caret under the place."""
        shown, column = _window(self.excerpt, self.column)
        return f"  | {shown}\n  | {' ' * (column - 1)}^"

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self.pointed}"


class EvaluationError(Exception):
    """A rule has no value for a record. The text names fields and types, never values."""


class BudgetExceeded(Exception):
    """A rule would take more steps on a record than it may; `||` and `&&` don't absorb it."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a remedy that names the nearest known word, or nothing."""
    near = get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]!r}?" if near else ""


def _window(line: str, column: int, width: int = 100) -> tuple[str, int]:
    """Cut a long line to what surrounds the column."""
    start = max(0, column - 1 - width // 2)
    return line[start : start + width], column - start

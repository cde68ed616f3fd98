"""Regular expressions that a backtracking engine runs in linear time.

A pattern qualifies when at every step at most one way forward can take the next character, and
that in one way only: then a dead end costs one character. Source: Brueggemann-Klein and Wood,
"One-Unambiguous Regular Languages" (1998), in its strong form, which `(a+)*` does not meet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, product

from dataquarantine.validation.rules.pattern_syntax import (
    Alternatives,
    Characters,
    Interval,
    Part,
    Pattern,
    Repeated,
    Sequenced,
    UnsupportedPattern,
    parse_pattern,
)

MAX_POSITIONS = 256


class _Ambiguous(Exception):
    """The pattern leaves the engine a choice."""


def linear_pattern(text: str) -> re.Pattern[str] | None:
    """Return a pattern for `re` with the meaning that RE2 gives the text, None if not provable.

    Also None: an open repetition that is not anchored, as each start would run over the rest.
    """
    try:
        pattern = parse_pattern(text)
        _Positions().add(pattern.part)
    except (UnsupportedPattern, _Ambiguous, RecursionError):
        return None
    if not pattern.at_start and _is_open(pattern.part):
        return None
    start = r"\A" if pattern.at_start else ""
    return re.compile(f"{start}(?:{_written(pattern.part)}){_end(pattern)}")


def _end(pattern: Pattern) -> str:
    return r"\Z" if pattern.at_end else ""


class _Positions:
    """The positions of a pattern and which may follow which."""

    def __init__(self) -> None:
        self._intervals: list[tuple[Interval, ...]] = []
        self._follow: list[set[int]] = []

    def add(self, part: Part) -> tuple[bool, list[int], list[int]]:
        """Return whether the part may be empty, and its first and last positions.

        Raises: _Ambiguous, also for more than MAX_POSITIONS.
        """
        empty, first, last = self._add(part)
        self._refuse_overlap(first)
        for following in self._follow:
            self._refuse_overlap(sorted(following))
        return empty, first, last

    def _add(self, part: Part) -> tuple[bool, list[int], list[int]]:
        match part:
            case Characters(intervals=intervals):
                if len(self._intervals) >= MAX_POSITIONS:
                    raise _Ambiguous
                self._intervals.append(intervals)
                self._follow.append(set())
                position = len(self._intervals) - 1
                return False, [position], [position]
            case Sequenced(parts=parts):
                return self._sequence([self._add(each) for each in parts])
            case Alternatives(branches=branches):
                added = [self._add(branch) for branch in branches]
                empty = [each[0] for each in added]
                if sum(empty) > 1:
                    raise _Ambiguous
                return (
                    any(empty),
                    [position for each in added for position in each[1]],
                    [position for each in added for position in each[2]],
                )
            case Repeated():
                return self._repeated(part)

    def _sequence(
        self, added: Sequence[tuple[bool, list[int], list[int]]]
    ) -> tuple[bool, list[int], list[int]]:
        empty, first, last = True, list[int](), list[int]()
        for each_empty, each_first, each_last in added:
            self._link(last, each_first)
            if empty:
                first = first + each_first
            last = last + each_last if each_empty else each_last
            empty = empty and each_empty
        return empty, first, last

    def _repeated(self, part: Repeated) -> tuple[bool, list[int], list[int]]:
        if (part.most is not None and part.most > MAX_POSITIONS) or part.least > MAX_POSITIONS:
            raise _Ambiguous
        fixed = [self._add(part.part) for _ in range(part.least)]
        if part.most is None:
            empty, first, last = self._add(part.part)
            if empty:
                raise _Ambiguous  # rounds that take nothing
            self._link(last, first)
            return self._sequence([*fixed, (True, first, last)])
        tail: tuple[bool, list[int], list[int]] = (True, [], [])
        for _ in range(part.most - part.least):
            empty, first, last = self._add(part.part)
            if empty:
                raise _Ambiguous
            tail = (True, *self._sequence([(empty, first, last), tail])[1:])
        return self._sequence([*fixed, tail])

    def _link(self, last: Sequence[int], first: Sequence[int]) -> None:
        for one, other in product(last, first):
            if other in self._follow[one]:
                raise _Ambiguous  # two ways to the same place, as in (a+)*
            self._follow[one].add(other)

    def _refuse_overlap(self, positions: Sequence[int]) -> None:
        for one, other in combinations(positions, 2):
            if _overlap(self._intervals[one], self._intervals[other]):
                raise _Ambiguous


def _is_open(part: Part) -> bool:
    match part:
        case Repeated(most=None):
            return True
        case Repeated(part=below):
            return _is_open(below)
        case Sequenced(parts=parts) | Alternatives(branches=parts):
            return any(_is_open(each) for each in parts)
        case _:
            return False


def _written(part: Part) -> str:
    """Write a part for `re`, classes spelled out so that none means more than in RE2."""
    match part:
        case Characters(intervals=intervals):
            return f"[{''.join(f'{_code(low)}-{_code(high)}' for low, high in intervals)}]"
        case Sequenced(parts=parts):
            return "".join(_written(each) for each in parts)
        case Alternatives(branches=branches):
            return f"(?:{'|'.join(_written(each) for each in branches)})"
        case Repeated(part=below, least=least, most=most):
            count = f"{{{least},{'' if most is None else most}}}"
            return f"(?:{_written(below)}){count}"


def _code(point: int) -> str:
    return f"\\U{point:08x}"


def _overlap(one: Sequence[Interval], other: Sequence[Interval]) -> bool:
    return any(a <= d and c <= b for (a, b), (c, d) in product(one, other))

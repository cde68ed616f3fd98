"""Regular expressions that a backtracking engine runs in linear time.

A pattern qualifies when at every step at most one way forward can take the next character, and
that in one way only: then a dead end costs one character. Source: Brueggemann-Klein and Wood,
"One-Unambiguous Regular Languages" (1998), in its strong form, which `(a+)*` does not meet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TypeAlias

Interval = tuple[int, int]

MAX_POSITIONS = 256
_LAST = 0x10FFFF
_DIGIT: list[Interval] = [(48, 57)]
_WORD: list[Interval] = [(48, 57), (65, 90), (95, 95), (97, 122)]
_SPACE: list[Interval] = [(9, 10), (12, 13), (32, 32)]  # RE2's \s has no vertical tab
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS = {"t": 9, "n": 10, "r": 13, "f": 12, "v": 11}
_COUNT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")


class _Outside(Exception):
    """The pattern uses more than is understood here."""


class _Ambiguous(Exception):
    """The pattern leaves the engine a choice."""


@dataclass(frozen=True, slots=True)
class Characters:
    intervals: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Sequenced:
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    branches: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    part: Part
    least: int
    most: int | None


Part: TypeAlias = Characters | Sequenced | Alternatives | Repeated


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern with its anchors taken off."""

    part: Part
    at_start: bool
    at_end: bool


def linear_pattern(text: str) -> re.Pattern[str] | None:
    """Return a pattern for `re` with the meaning that RE2 gives the text, None if not provable.

    Also None: an open repetition that is not anchored, as each start would run over the rest.
    """
    try:
        pattern = _Parser(text).pattern()
        _Positions().add(pattern.part)
    except (_Outside, _Ambiguous, RecursionError):
        return None
    if not pattern.at_start and _is_open(pattern.part):
        return None
    start = r"\A" if pattern.at_start else ""
    return re.compile(f"{start}(?:{_written(pattern.part)}){_end(pattern)}")


def _end(pattern: Pattern) -> str:
    return r"\Z" if pattern.at_end else ""


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def pattern(self) -> Pattern:
        at_start = self._accept("^")
        at_end = self._text.endswith("$") and not self._text.endswith("\\$")
        if at_end:
            self._text = self._text[:-1]
        part = self._alternatives()
        if self._at < len(self._text):
            raise _Outside
        if isinstance(part, Alternatives) and (at_start or at_end):
            raise _Outside  # the anchors belong to single branches
        return Pattern(part, at_start, at_end)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _accept(self, symbol: str) -> bool:
        found = self._text.startswith(symbol, self._at)
        self._at += len(symbol) if found else 0
        return found

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise _Outside
        self._at += 1
        return self._text[self._at - 1]

    def _alternatives(self) -> Part:
        branches = [self._sequence()]
        while self._accept("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Alternatives(tuple(branches))

    def _sequence(self) -> Part:
        parts: list[Part] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repetition(self._atom()))
        return Sequenced(tuple(parts))

    def _repetition(self, part: Part) -> Part:
        least, most = 1, 1
        if (symbol := self._peek()) in ("*", "+", "?") and symbol:
            self._at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[symbol]  # type: ignore[assignment]  # None is open
        elif count := _COUNT.match(self._text, self._at):
            self._at = count.end()
            least = int(count[1])
            most = least if count[2] is None else int(count[3]) if count[3] else None  # type: ignore[assignment]
        else:
            return part
        if self._peek() in ("*", "+", "?", "{") and self._peek():
            raise _Outside
        return Repeated(part, least, most)

    def _atom(self) -> Part:
        character = self._take()
        match character:
            case "(":
                if self._accept("?") and not self._accept(":"):
                    raise _Outside
                part = self._alternatives()
                if not self._accept(")"):
                    raise _Outside
                return part
            case "[":
                return self._class()
            case ".":
                return Characters(((0, 9), (11, _LAST)))
            case "\\":
                return Characters(tuple(self._escape()))
            case "^" | "$" | "*" | "+" | "?" | "{" | "}" | "]":
                raise _Outside
        return _single(ord(character))

    def _escape(self) -> list[Interval]:
        letter = self._take()
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter.lower() in _CLASSES:
            return _complement(_CLASSES[letter.lower()])
        if letter in _CONTROLS:
            return [(_CONTROLS[letter],) * 2]
        if letter.isalnum() or not letter.isascii():
            raise _Outside
        return [(ord(letter),) * 2]

    def _class(self) -> Part:
        negated = self._accept("^")
        intervals: list[Interval] = []
        while not self._accept("]"):
            if self._text.startswith("[:", self._at):
                raise _Outside
            intervals += self._class_item()
        if not intervals:
            raise _Outside
        return Characters(tuple(_complement(intervals) if negated else _merged(intervals)))

    def _class_item(self) -> list[Interval]:
        low = self._class_character()
        if len(low) != 1 or low[0][0] != low[0][1]:
            return low
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] == "]":
            return low
        self._at += 1
        high = self._class_character()
        if len(high) != 1 or high[0][0] != high[0][1] or high[0][0] < low[0][0]:
            raise _Outside
        return [(low[0][0], high[0][0])]

    def _class_character(self) -> list[Interval]:
        character = self._take()
        return self._escape() if character == "\\" else [(ord(character),) * 2]


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


def _single(point: int) -> Characters:
    return Characters(((point, point),))


def _overlap(one: Sequence[Interval], other: Sequence[Interval]) -> bool:
    return any(a <= d and c <= b for (a, b), (c, d) in product(one, other))


def _merged(intervals: Sequence[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _complement(intervals: Sequence[Interval]) -> list[Interval]:
    found: list[Interval] = []
    start = 0
    for low, high in _merged(intervals):
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    return [*found, (start, _LAST)] if start <= _LAST else found

"""The part of RE2's syntax that can be proved to run in linear time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Interval = tuple[int, int]

_LAST = 0x10FFFF
_DIGIT: list[Interval] = [(48, 57)]
_WORD: list[Interval] = [(48, 57), (65, 90), (95, 95), (97, 122)]
_SPACE: list[Interval] = [(9, 10), (12, 13), (32, 32)]  # RE2's \s has no vertical tab
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS = {"t": 9, "n": 10, "r": 13, "f": 12, "v": 11}
_COUNT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")


class UnsupportedPattern(Exception):
    """The pattern uses more than is understood here."""


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


def parse_pattern(text: str) -> Pattern:
    """Parse a pattern.

    Raises: UnsupportedPattern for what this subset lacks: flags, lazy counts, word boundaries...
    """
    return _Parser(text).pattern()


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
            raise UnsupportedPattern
        if isinstance(part, Alternatives) and (at_start or at_end):
            raise UnsupportedPattern  # the anchors belong to single branches
        return Pattern(part, at_start, at_end)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _accept(self, symbol: str) -> bool:
        found = self._text.startswith(symbol, self._at)
        self._at += len(symbol) if found else 0
        return found

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise UnsupportedPattern
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
            raise UnsupportedPattern
        return Repeated(part, least, most)

    def _atom(self) -> Part:
        character = self._take()
        match character:
            case "(":
                if self._accept("?") and not self._accept(":"):
                    raise UnsupportedPattern
                part = self._alternatives()
                if not self._accept(")"):
                    raise UnsupportedPattern
                return part
            case "[":
                return self._class()
            case ".":
                return Characters(((0, 9), (11, _LAST)))
            case "\\":
                return Characters(tuple(self._escape()))
            case "^" | "$" | "*" | "+" | "?" | "{" | "}" | "]":
                raise UnsupportedPattern
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
            raise UnsupportedPattern
        return [(ord(letter),) * 2]

    def _class(self) -> Part:
        negated = self._accept("^")
        intervals: list[Interval] = []
        while not self._accept("]"):
            if self._text.startswith("[:", self._at):
                raise UnsupportedPattern
            intervals += self._class_item()
        if not intervals:
            raise UnsupportedPattern
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
            raise UnsupportedPattern
        return [(low[0][0], high[0][0])]

    def _class_character(self) -> list[Interval]:
        character = self._take()
        return self._escape() if character == "\\" else [(ord(character),) * 2]


def _single(point: int) -> Characters:
    return Characters(((point, point),))


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

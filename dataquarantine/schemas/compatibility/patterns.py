"""Strings that match a regular expression."""

from __future__ import annotations

import re

# The standard library's own parser has no public name since sre_parse is deprecated, and no types.
from re import _parser  # type: ignore[attr-defined]
from typing import Any

MAX_REPEAT = 8
_CATEGORIES = {"CATEGORY_DIGIT": "0", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}
_FALLBACKS = "aA0 _-.:/@~é"


def strings_matching(pattern: str) -> list[str]:
    """Return a few strings that match, shortest first; empty when the pattern can't be read."""
    try:
        parsed = _parser.parse(pattern)
    except re.error:
        return []
    found = [_write(parsed, repeat, turn) for repeat, turn in ((0, 0), (1, 1), (2, 2), (3, 5))]
    return list(dict.fromkeys(found))


def _write(nodes: Any, repeat: int, turn: int) -> str:
    return "".join(_write_node(op.name, value, repeat, turn) for op, value in nodes)


def _write_node(op: str, value: Any, repeat: int, turn: int) -> str:
    if op == "LITERAL":
        return chr(value)
    if op == "NOT_LITERAL":
        return next(c for c in _FALLBACKS if ord(c) != value)
    if op == "ANY":
        return "a"
    if op == "IN":
        return _write_class(value, turn)
    if op == "BRANCH":
        options = value[1]
        return _write(options[turn % len(options)], repeat, turn)
    if op == "SUBPATTERN":
        return _write(value[-1], repeat, turn)
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = value
        times = min(int(least) + min(repeat, MAX_REPEAT), int(most))
        return _write(inner, repeat, turn) * times
    if op == "CATEGORY":
        return _CATEGORIES.get(value.name, "-")
    return ""


def _write_class(members: Any, turn: int) -> str:
    if members[0][0].name == "NEGATE":
        return next((c for c in _FALLBACKS if not _in_class(c, members[1:])), "")
    op, value = members[turn % len(members)]
    if op.name == "RANGE":
        return chr(value[0] + turn % (value[1] - value[0] + 1))
    return _write_node(op.name, value, 0, turn)


def _in_class(character: str, members: Any) -> bool:
    for op, value in members:
        if op.name == "LITERAL" and ord(character) == value:
            return True
        if op.name == "RANGE" and value[0] <= ord(character) <= value[1]:
            return True
        if op.name == "CATEGORY":
            name = value.name
            hit = {
                "CATEGORY_DIGIT": character.isdigit(),
                "CATEGORY_SPACE": character.isspace(),
                "CATEGORY_WORD": character.isalnum() or character == "_",
            }
            if hit.get(name.replace("_NOT", ""), True) != ("_NOT_" in name):
                return True
    return False

"""ECMA 262 patterns: prepared for the linear engine, explained when it refuses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

#: ECMA's dot stops at four line terminators, the engine's only at one.
_DOT: Final = r"[^\n\r\u2028\u2029]"
#: Escapes that ECMA has and the engine lacks.
_OUTSIDE: Final = {r"\0": r"\x00"}
_INSIDE: Final = {r"\0": r"\x00", r"\b": r"\x08"}
_QUANTIFIER: Final = re.compile(r"[*+?]\??|\{(\d+)(,(\d*))?\}\??")

_REFUSED: Final = (
    (re.compile(r"\(\?<?[=!]"), "lookahead and lookbehind"),
    (re.compile(r"\\[1-9]|\\k<"), "a backreference"),
)


class Token(NamedTuple):
    """A character, an escape or a whole class `[...]` of a pattern."""

    text: str
    is_class: bool = False


def tokens(pattern: str) -> Iterator[Token]:
    """Cut a pattern into its smallest meaningful pieces."""
    at = 0
    while at < len(pattern):
        if pattern[at] == "[":
            end = _class_end(pattern, at)
            yield Token(pattern[at:end], True)
        else:
            end = _piece_end(pattern, at)
            yield Token(pattern[at:end])
        at = end


def for_linear_engine(pattern: str) -> str:
    """Write a pattern so that the engine gives it ECMA's meaning.

    Source: ECMA 262, section 22.2.2 (character classes, dot, escapes). Not carried over: `\\b` sees
    letters outside ASCII as part of a word.
    """
    return "".join(_translated(token) for token in tokens(pattern))


def why_refused(pattern: str) -> str:
    """Say what the engine can't run in a pattern."""
    plain = "".join(token.text for token in tokens(pattern) if not token.is_class)
    for feature, name in _REFUSED:
        if feature.search(plain):
            return f"{name} can't run in linear time"
    return "it is no ECMA 262 pattern, or too large"


def _translated(token: Token) -> str:
    if not token.is_class:
        return _DOT if token.text == "." else _OUTSIDE.get(token.text, token.text)
    pieces, at = [], 0
    while at < len(token.text):
        end = _piece_end(token.text, at)
        piece = token.text[at:end]
        pieces.append(_INSIDE.get(piece, piece))
        at = end
    return "".join(pieces)


def _piece_end(text: str, at: int) -> int:
    return min(at + 2, len(text)) if text[at] == "\\" else at + 1


def _class_end(pattern: str, start: int) -> int:
    at = start + 1
    while at < len(pattern):
        if pattern[at] == "]":
            return at + 1
        at = _piece_end(pattern, at)
    return len(pattern)


#: Pieces that mean the same on `re`: as ECMA has them -> as `re` has them, and may be repeated.
_REPEATABLE: Final = {
    r"\d": "[0-9]",
    r"\D": "[^0-9]",
    r"\w": "[A-Za-z0-9_]",
    r"\W": "[^A-Za-z0-9_]",
    **{f"\\{sign}": f"\\{sign}" for sign in r".-/\+*?()$^|"},
}
#: Pieces that may not be repeated.
_FIXED: Final = {"^": "^", "$": r"\Z", "(?:": "(?:", ")": ")", "|": "|"}
_LITERAL: Final = re.compile(r"[A-Za-z0-9 _:,@#%/=!~;-]\Z")
_CLASS: Final = re.compile(r"\[\^?(?:[A-Za-z0-9 _.,:;@#%/+*-]|\\[\\\-./^dw\]])+\]\Z")
_PIECE: Final = re.compile(r"\(\?:|\[(?:[^\]\\]|\\.)*\]|\\.|.", re.DOTALL)
_MAX_REPETITION: Final = 1000


def for_python(pattern: str) -> re.Pattern[str] | None:
    """Compile a pattern for `re` if that surely means the same and takes linear time, else None.

    Sure are: literals, simple classes, anchors, fixed repetition, unquantified groups, and at most
    one open repetition in a pattern that starts with `^` and has no alternatives.
    """
    pieces: list[str] = []
    open_repetitions = depth = at = 0
    can_repeat = False
    while at < len(pattern):
        quantifier = _QUANTIFIER.match(pattern, at)
        if quantifier:
            if not can_repeat or not _is_modest(quantifier):
                return None
            open_repetitions += quantifier[1] is None or quantifier[2] is not None
            pieces.append(quantifier[0])
            at, can_repeat = quantifier.end(), False
            continue
        found = _PIECE.match(pattern, at)
        piece = found[0] if found else ""
        can_repeat = piece not in _FIXED
        translated = _FIXED.get(piece) or _repeatable(piece)
        depth += (piece == "(?:") - (piece == ")")
        if translated is None or depth < 0:
            return None
        pieces.append(translated)
        at += len(piece)
    anchored = pattern.startswith("^") and "|" not in pieces
    if depth or open_repetitions > 1 or (open_repetitions and not anchored):
        return None
    return re.compile("".join(pieces))


def _is_modest(quantifier: re.Match[str]) -> bool:
    return all(int(quantifier[group] or 0) <= _MAX_REPETITION for group in (1, 3))


def _repeatable(piece: str) -> str | None:
    if _CLASS.match(piece):
        return piece.replace(r"\d", "0-9").replace(r"\w", "A-Za-z0-9_")
    return re.escape(piece) if _LITERAL.match(piece) else _REPEATABLE.get(piece)

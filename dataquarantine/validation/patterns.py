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


_PLAIN_ESCAPES: Final = {
    r"\d": "[0-9]",
    r"\D": "[^0-9]",
    r"\w": "[A-Za-z0-9_]",
    r"\W": "[^A-Za-z0-9_]",
}
_CLASS: Final = re.compile(r"\[\^?(?:[A-Za-z0-9 _.,:;@#%/+*-]|\\[\\\-./^dw\]])+\]\Z")


def for_python(pattern: str) -> re.Pattern[str] | None:
    """Compile a pattern for `re` if that surely means the same and takes linear time, else None.

    Sure are: literals, simple classes, anchors, fixed repetition, unquantified groups, and at most
    one open repetition in a pattern that starts with `^`.
    """
    pieces: list[str] = []
    open_repetitions = depth = 0
    waiting = list(tokens(pattern))
    text = "".join(token.text for token in waiting)
    at = 0
    can_repeat = False
    while at < len(text):
        quantifier = _QUANTIFIER.match(text, at)
        if quantifier:
            fixed = quantifier[1] is not None and quantifier[2] is None
            if not can_repeat or int(quantifier[1] or 0) > 1000 or int(quantifier[3] or 0) > 1000:
                return None
            open_repetitions += not fixed
            pieces.append(quantifier[0])
            at, can_repeat = quantifier.end(), False
            continue
        if text[at] == "[":
            end = _class_end(text, at)
            if not _CLASS.match(text[at:end]):
                return None
            piece = text[at:end].replace(r"\d", "0-9").replace(r"\w", "A-Za-z0-9_")
            can_repeat = True
        else:
            end = _piece_end(text, at)
            translated = _plain_piece(text, at, end)
            if translated is None:
                return None
            piece, can_repeat, opened = translated
            depth += opened
            if opened == 1:
                end = at + 3
        pieces.append(piece)
        at = end
    anchored = pattern.startswith("^") and "|" not in pieces
    if depth or open_repetitions > 1 or (open_repetitions and not anchored):
        return None
    return re.compile("".join(pieces))


def _plain_piece(text: str, at: int, end: int) -> tuple[str, bool, int] | None:
    """Translate one piece outside a class: the text, whether it may be repeated, group depth."""
    piece = text[at:end]
    if piece in _PLAIN_ESCAPES:
        return _PLAIN_ESCAPES[piece], True, 0
    if piece == "^":
        return "^", False, 0
    if piece == "$":
        return r"\Z", False, 0
    if text.startswith("(?:", at):
        return "(?:", False, 1
    if piece == ")":
        return ")", False, -1
    if piece == "|":
        return "|", False, 0
    if piece in (r"\.", r"\-", r"\/", r"\\", r"\+", r"\*", r"\?", r"\(", r"\)", r"\$", r"\^"):
        return re.escape(piece[1]), True, 0
    if len(piece) == 1 and ((piece.isalnum() and piece.isascii()) or piece in " _-:,@#%/=!~;"):
        return re.escape(piece), True, 0
    return None

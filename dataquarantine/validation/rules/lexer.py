"""Rule text to tokens. Source: CEL specification, section "Syntax"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from dataquarantine.validation.rules.diagnostics import Mistake
from dataquarantine.validation.rules.syntax import UInt

_TOKEN = re.compile(
    r"""(?P<blank>[\t\n\f\r\ ]+|//[^\n]*)
    |(?P<raw>[rR](?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"[^"\r\n]*"|'[^'\r\n]*'))
    |(?P<bytes>(?:[bB][rR]?|[rR][bB])(?=["']))
    |(?P<text>\"{3}(?:[^\\]|\\[\s\S])*?\"{3}|'{3}(?:[^\\]|\\[\s\S])*?'{3}
             |"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')
    |(?P<number>0x[0-9a-fA-F]+[uU]?|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?
               |[0-9]+[eE][+-]?[0-9]+|[0-9]+[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<symbol>&&|\|\||<=|>=|==|!=|[-+*/%<>!?:;.,()\[\]{}])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\\?\"'`])|[xX](?P<hex>[0-9a-fA-F]{2})|u(?P<four>[0-9a-fA-F]{4})"
    r"|U(?P<eight>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<wrong>.?))",
    re.DOTALL,
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CONSTANTS = {"true": True, "false": False, "null": None}
_ENDINGS = {'"': "a text that begins with a double quote has no end", "'": "a text has no end"}


class TokenKind(Enum):
    """What a token is."""

    CONSTANT = auto()
    NAME = auto()
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the source; `value` is set for constants."""

    kind: TokenKind
    text: str
    position: int
    value: bool | int | UInt | float | str | None = None


def tokens_of(source: str) -> list[Token]:
    """Split a source.

    Raises: Mistake for what is no token and for texts and numbers that have no value.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise _no_token(source, position)
        if match.lastgroup != "blank":
            tokens.append(_token(match, position))
        position = match.end()
    tokens.append(Token(TokenKind.END, "", len(source)))
    return tokens


def _token(match: re.Match[str], position: int) -> Token:
    text = match.group()
    match match.lastgroup:
        case "name" if text in _CONSTANTS:
            return Token(TokenKind.CONSTANT, text, position, _CONSTANTS[text])
        case "name":
            return Token(TokenKind.NAME, text, position)
        case "symbol":
            return Token(TokenKind.SYMBOL, text, position)
        case "number":
            return Token(TokenKind.CONSTANT, text, position, _number(text, position))
        case "raw":
            return Token(TokenKind.CONSTANT, text, position, _unquote(text[1:]))
        case "text":
            return Token(TokenKind.CONSTANT, text, position, _text(text, position))
    raise Mistake("bytes literals are not supported", position, "compare texts instead")


def _number(text: str, position: int) -> int | UInt | float:
    digits = text.rstrip("uU")
    if not digits.startswith("0x") and re.search("[.eE]", digits):
        return float(digits)
    value = int(digits, 16) if digits.startswith("0x") else int(digits)
    unsigned = digits != text
    # 2**63 itself is let through: only with a minus before it is it in range (parser).
    if value > (2**64 - 1 if unsigned else 2**63):
        raise Mistake("an integer beyond 64 bits", position, "write a double such as 1e20")
    return UInt(value) if unsigned else value


def _text(text: str, position: int) -> str:
    body = _unquote(text)
    start = position + (len(text) - len(body)) // 2

    def unescape(match: re.Match[str]) -> str:
        if (simple := match["simple"]) is not None:
            return _SIMPLE.get(simple, simple)
        if (octal := match["octal"]) is not None:
            return chr(int(octal, 8))
        code = match["hex"] or match["four"] or match["eight"]
        if code is None:
            raise Mistake(
                f"unknown escape {match.group()!r} in a text",
                start + match.start(),
                "write \\\\ for a backslash, or a raw text r'...'",
            )
        point = int(code, 16)
        if point > 0x10FFFF or 0xD800 <= point < 0xE000:
            raise Mistake("an escape that is no character", start + match.start())
        return chr(point)

    return _ESCAPE.sub(unescape, body)


def _unquote(text: str) -> str:
    return text[3:-3] if text[:3] in ('"""', "'''") and len(text) >= 6 else text[1:-1]


def _no_token(source: str, position: int) -> Mistake:
    character = source[position]
    if character in _ENDINGS:
        return Mistake(_ENDINGS[character], position, "close it on the same line")
    remedies = {"=": "write == to compare", "&": "write &&", "|": "write ||", "“": 'write "'}
    return Mistake(f"unexpected {character!r}", position, remedies.get(character, ""))

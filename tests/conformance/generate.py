"""Random schemas of the keywords that get a second opinion, and instances near them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

NAMES = ("a", "b", "c", "id", "user_id")
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
PATTERNS = ("^[A-Z]{2}$", "^a+$", r"^\d{1,3}$", "[0-9]", "^(?:ab|cd)$", r"^\w+-x$", r"a\.b", "^$")
FORMATS = ("date-time", "date", "email", "ipv4", "uuid", "no-such-format")
STRINGS = (
    *("", "a", "aa", "AB", "ABC", "12", "1234", "ab", "cd", "a.b", "foo-x", "é", "😀", "٣", "a\n"),
    *("2024-02-29", "2023-02-29", "2024-01-15T10:30:00Z", "2024-01-15 10:30:00Z", "a@b.c"),
    *("127.0.0.1", "256.1.1.1", "2eb8aa08-aa98-11ea-b4aa-73b441d16380"),
)
NUMBERS = (
    0,
    1,
    -1,
    2,
    3,
    10,
    1.0,
    1.5,
    -0.0,
    0.1,
    2**53,
    2**53 + 1,
    2**64,
    -(2**63),
    1e300,
    10**25,
)
LIMITS = (0, 1, 2, 3, -1, 1.5, 10, 2**53)


def schema(random: Random, depth: int, *, since_6: bool, since_7: bool) -> Any:
    """Make a schema; `since_*` say which keywords its draft knows."""

    def child() -> Any:
        if since_6 and random.random() < 0.05:
            return random.random() < 0.5
        return schema(random, depth - 1, since_6=since_6, since_7=since_7)

    made: dict[str, Any] = {}
    for keyword in random.sample(_SIMPLE, random.randint(0, 3)):
        made.update(keyword(random))
    if since_6:
        for keyword in random.sample(_SINCE_6, random.choice((0, 0, 1))):
            made.update(keyword(random))
    else:
        made.update(_draft4_limits(random))
    if depth > 0:
        for nested in random.sample(_NESTED, random.randint(0, 2)):
            made.update(nested(random, child))
        if since_6 and random.random() < 0.1:
            made["propertyNames"] = child()
        if since_7 and random.random() < 0.15:
            made.update({key: child() for key in ("if", "then", "else") if random.random() < 0.8})
    return made


def instance(random: Random, depth: int) -> Any:
    """Make a JSON value."""
    kind = random.randint(0, 7 if depth > 0 else 4)
    if kind == 0:
        return random.choice((None, True, False))
    if kind <= 2:
        return random.choice(STRINGS)
    if kind <= 4:
        return random.choice(NUMBERS)
    if kind == 5:
        return [instance(random, depth - 1) for _ in range(random.randint(0, 3))]
    names = random.sample(NAMES, random.randint(0, 4))
    return {name: instance(random, depth - 1) for name in names}


def _scalars(random: Random) -> list[Any]:
    scalars = [*(s for s in STRINGS if s.isalnum()), *(0, 1, 2, -1, 2**53), True, False, None]
    return random.sample(scalars, random.randint(1, 4))


def _type(random: Random) -> dict[str, Any]:
    if random.random() < 0.7:
        return {"type": random.choice(TYPES)}
    return {"type": random.sample(TYPES, random.randint(1, 3))}


def _count(keyword: str) -> Callable[[Random], dict[str, Any]]:
    return lambda random: {keyword: random.randint(0, 3)}


def _draft4_limits(random: Random) -> dict[str, Any]:
    if random.random() < 0.8:
        return {}
    limit = random.choice(("Minimum", "Maximum"))
    return {limit.lower(): random.choice(LIMITS), f"exclusive{limit}": random.random() < 0.5}


_SIMPLE: tuple[Callable[[Random], dict[str, Any]], ...] = (
    _type,
    _type,
    lambda random: {"enum": _scalars(random)},
    lambda random: {"pattern": random.choice(PATTERNS)},
    lambda random: {"format": random.choice(FORMATS)},
    lambda random: {"minimum": random.choice(LIMITS)},
    lambda random: {"maximum": random.choice(LIMITS)},
    lambda random: {"required": random.sample(NAMES, random.randint(1, 2))},
    *(
        _count(f"{end}{what}")
        for end in ("min", "max")
        for what in ("Length", "Items", "Properties")
    ),
)
_SINCE_6: tuple[Callable[[Random], dict[str, Any]], ...] = (
    lambda random: {"const": _scalars(random)[0]},
    lambda random: {"exclusiveMinimum": random.choice(LIMITS)},
    lambda random: {"exclusiveMaximum": random.choice(LIMITS)},
)
_NESTED: tuple[Callable[[Random, Callable[[], Any]], dict[str, Any]], ...] = (
    lambda random, child: {"properties": {name: child() for name in random.sample(NAMES, 2)}},
    lambda random, child: {"properties": {name: child() for name in random.sample(NAMES, 3)}},
    lambda random, child: {"additionalProperties": random.choice((False, True))},
    lambda random, child: {"items": _object(child)},
    lambda random, child: {"allOf": [_object(child) for _ in range(random.randint(1, 2))]},
    lambda random, child: {"anyOf": [_object(child) for _ in range(random.randint(1, 3))]},
    lambda random, child: {"oneOf": [_object(child) for _ in range(random.randint(1, 3))]},
    lambda random, child: {"not": _object(child)},
)


def _object(child: Callable[[], Any]) -> Any:
    """Take a schema of the form that every draft allows here."""
    made = child()
    return {} if isinstance(made, bool) else made

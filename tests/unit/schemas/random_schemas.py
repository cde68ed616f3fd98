"""Small random JSON Schemas over a small world of values, so that wrong answers show."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

from dataquarantine.schemas.compatibility.proof import validator
from dataquarantine.schemas.compatibility.references import reference_loop

NAMES = "abc"
_VALUES: list[Any] = [None, True, 0, 1, 3, 1.5, "", "a", "abc", [], ["a"], {}, {"a": 1}]
_SCALARS: list[Any] = [False, 2, -1, 2.0, "b", "ab", "aa"]
_ARRAYS: list[Any] = [[1], [1, 1], [1, "a"], ["a", "b"], ["a", 1], [1, 2, 3], [None], [{"a": 1}]]
INSTANCES: list[Any] = [
    *_VALUES,
    *_SCALARS,
    *_ARRAYS,
    *({name: value} for name in NAMES for value in _VALUES),
    *(
        {one: value, two: other}
        for one, two in itertools.combinations(NAMES, 2)
        for value in _VALUES
        for other in _VALUES
    ),
    {"a": 1, "b": 1, "c": 1},
    {"a": {"a": {"a": 1}}},
]
_TYPES: list[Any] = [
    "object", "object", "object", "string", "integer", "number", "array", "null", "boolean",
    ["string", "null"], ["integer", "string"], ["object", "array"],
]  # fmt: skip


def random_pairs(dice: Random, count: int) -> Iterator[tuple[Any, Any]]:
    """Yield pairs where one is mostly an edit of the other."""
    made = 0
    while made < count:
        shared = _schema(dice, 1)
        one = _schema(dice, 0)
        two = _edited(dice, one)
        pair = [_document(each, shared) for each in dice.sample([one, two], 2)]
        if all(validator(each) is not None and reference_loop(each) is None for each in pair):
            made += 1
            yield pair[0], pair[1]


def _document(schema: Any, shared: Any) -> dict[str, Any]:
    body = dict(schema) if isinstance(schema, dict) else {"allOf": [schema]}
    return {**body, "$defs": {"x": shared}}


def _schema(dice: Random, depth: int) -> Any:
    if depth > 2 or dice.random() < 0.05:
        return dice.choice([True, False, {}, {"type": "string"}, {"type": "integer"}])
    if depth and dice.random() < 0.05:
        return {"$ref": "#/$defs/x"}
    made: dict[str, Any] = {}
    if dice.random() < 0.7:
        made["type"] = dice.choice(_TYPES)
    for chance, keyword in _KEYWORDS:
        if dice.random() < chance:
            made[keyword] = _value(dice, keyword, depth + 1)
    return made


_KEYWORDS = (
    (0.5, "properties"), (0.3, "required"), (0.2, "additionalProperties"),
    (0.08, "patternProperties"), (0.06, "minProperties"), (0.06, "maxProperties"),
    (0.05, "propertyNames"), (0.05, "dependentRequired"), (0.04, "dependentSchemas"),
    (0.04, "unevaluatedProperties"), (0.1, "minLength"), (0.1, "maxLength"), (0.08, "pattern"),
    (0.08, "minimum"), (0.08, "maximum"), (0.06, "exclusiveMinimum"), (0.06, "multipleOf"),
    (0.15, "items"), (0.08, "prefixItems"), (0.06, "minItems"), (0.06, "maxItems"),
    (0.04, "uniqueItems"), (0.05, "contains"), (0.1, "enum"), (0.04, "const"), (0.07, "anyOf"),
    (0.06, "oneOf"), (0.07, "allOf"), (0.04, "not"), (0.03, "if"), (0.03, "then"),
)  # fmt: skip


def _value(dice: Random, keyword: str, depth: int) -> Any:
    if keyword == "properties":
        return {name: _schema(dice, depth) for name in dice.sample(NAMES, dice.randint(1, 3))}
    if keyword == "required":
        return dice.sample(NAMES, dice.randint(1, 2))
    if keyword == "additionalProperties":
        return dice.choice([False, False, _schema(dice, depth)])
    if keyword == "patternProperties":
        return {dice.choice(["^a", "b$", "^[ab]$"]): _schema(dice, depth)}
    if keyword == "propertyNames":
        return dice.choice([{"pattern": "^a"}, {"maxLength": 1}, {"enum": ["a", "b"]}])
    if keyword == "dependentRequired":
        return {dice.choice(NAMES): [dice.choice(NAMES)]}
    if keyword == "dependentSchemas":
        return {dice.choice(NAMES): _schema(dice, depth)}
    if keyword == "pattern":
        return dice.choice(["^a", "b$", "^a*$", "^a+$"])
    if keyword == "multipleOf":
        return dice.choice([1, 2, 3, 0.5])
    if keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        return [_schema(dice, depth) for _ in range(dice.randint(1, 3))]
    if keyword == "uniqueItems":
        return True
    if keyword == "enum":
        return dice.sample([0, 1, "a", "ab", None, True, {"a": 1}, ["a"]], dice.randint(1, 4))
    if keyword == "const":
        return dice.choice([1, "a", {"a": 1}])
    if keyword.startswith(("min", "max", "exclusive")):
        return dice.randint(0, 3)
    return _schema(dice, depth)


def _edited(dice: Random, schema: Any) -> Any:
    if not isinstance(schema, dict) or not schema or dice.random() < 0.1:
        return _schema(dice, 1)
    made = copy.deepcopy(schema)
    keyword = dice.choice(list(made))
    if dice.random() < 0.25:
        del made[keyword]
        return made
    held = made[keyword]
    if keyword in ("properties", "patternProperties", "dependentSchemas"):
        name = dice.choice(list(held))
        held[name] = _edited(dice, held[name])
    elif isinstance(held, dict) and keyword != "dependentRequired":
        made[keyword] = _edited(dice, held)
    elif keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        at = dice.randrange(len(held))
        held[at] = _edited(dice, held[at])
    elif dice.random() < 0.5:
        extra = _schema(dice, 1)
        made |= extra if isinstance(extra, dict) and "$ref" not in extra else {}
    elif keyword not in ("type", "$ref"):
        made[keyword] = _value(dice, keyword, 1)
    return made

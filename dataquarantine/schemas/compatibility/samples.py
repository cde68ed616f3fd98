"""Values around the limits of a schema, smallest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dataquarantine.schemas.compatibility.combined import alternatives
from dataquarantine.schemas.compatibility.dialect import (
    Root,
    Shape,
    as_list,
    normalise,
    value_key,
)
from dataquarantine.schemas.compatibility.patterns import strings_matching

MAX_VALUES = 48
MAX_DEPTH = 5
MAX_LENGTH = 5000
#: One value of every kind, tried wherever a schema leaves the kind open.
PLAIN: tuple[Any, ...] = ("text", 1, 1.5, True, None, {}, [], "", 0, -1, {"a": 1}, ["a"])
#: Property names that nobody declares; pattern and length of names are tried on them.
UNDECLARED = ("undeclared_name", "x", "Un Declared-9", "")
FORMATS: dict[str, tuple[str, ...]] = {
    "date-time": ("2025-01-31T10:00:00Z", "2025-01-31T10:00:00.123456+02:00"),
    "date": ("2025-01-31",),
    "time": ("10:00:00Z",),
    "duration": ("P1D",),
    "email": ("a@example.org",),
    "idn-email": ("a@example.org",),
    "hostname": ("example.org",),
    "idn-hostname": ("example.org",),
    "ipv4": ("192.0.2.1",),
    "ipv6": ("2001:db8::1",),
    "uri": ("https://example.org/a",),
    "uri-reference": ("/a",),
    "iri": ("https://example.org/a",),
    "uri-template": ("/{a}",),
    "uuid": ("7f1b3d0c-6a2e-4c0f-9b1e-2d3c4b5a6978",),
    "json-pointer": ("/a",),
    "relative-json-pointer": ("0",),
    "regex": ("^a$",),
}
_IMPLIED = (
    (
        "object",
        (
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "minProperties",
            "maxProperties",
            "propertyNames",
            "dependentRequired",
        ),
    ),
    ("string", ("pattern", "format", "minLength", "maxLength")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "contains", "uniqueItems")),
)


@dataclass(frozen=True)
class Sampler:
    """Makes values for a schema; the limits of a second schema are tried too."""

    root: Root
    hint_root: Root

    def values(self, schema: Any, hint: Any = True, depth: int = 0) -> list[Any]:
        """Return values near the limits of a schema; most, not all, are valid."""
        shape = normalise(schema, self.root)
        other = normalise(hint, self.hint_root)
        if shape is False or depth > MAX_DEPTH:
            return []
        base = shape if isinstance(shape, dict) else {}
        near = other if isinstance(other, dict) else {}
        found: list[Any] = []
        for branch, _ in alternatives(base, schema, self.root):
            found += self._branch(branch, near, depth)
        hints = [branch for k in ("anyOf", "oneOf", "allOf") for branch in near.get(k, [])]
        hints += [near["not"]] if "not" in near else []
        for branch in hints if depth < 2 else []:
            found += self.values(schema, branch, depth + 2)
        return _distinct(found)

    def _branch(self, shape: Shape, hint: Shape, depth: int) -> list[Any]:
        if "enum" in shape:
            return list(shape["enum"])
        found: list[Any] = []
        for kind in _kinds(shape):
            if kind == "object":
                found += self._objects(shape, hint, depth)
            elif kind == "array":
                found += self._arrays(shape, hint, depth)
            elif kind == "string":
                found += _strings(shape, hint)
            elif kind in ("integer", "number"):
                found += _numbers(shape, hint, whole=kind == "integer")
            elif kind == "boolean":
                found += [True, False]
            else:
                found.append(None)
        if "type" not in shape:
            found += PLAIN
        return found + list(hint.get("enum", ()))

    def _objects(self, shape: Shape, hint: Shape, depth: int) -> list[Any]:
        """Vary one property at a time around the smallest and the fullest object."""
        for branch in shape.get("allOf", []):
            part = normalise(branch, self.root)
            if isinstance(part, dict):
                shape = _loosely_joined(shape, part)
        properties: Shape = shape.get("properties", {})
        near: Shape = hint.get("properties", {})
        extra = shape.get("additionalProperties", True)
        choices: dict[str, list[Any]] = {}
        for name in dict.fromkeys(
            [
                *properties,
                *shape.get("required", ()),
                *near,
                *hint.get("required", ()),
                *_pattern_names(shape, hint),
            ]
        ):
            own = properties.get(name, self._other(shape, name, extra))
            choices[name] = self.values(own, near.get(name, True), depth + 1)
        required = [n for n in shape.get("required", ()) if choices.get(n)]
        smallest = {name: choices[name][0] for name in required}
        fullest = {n: v[0] for n, v in choices.items() if v and n in properties}
        bases = _distinct([smallest, {**fullest, **smallest}])
        found: list[Any] = list(bases)
        for name, values in choices.items():
            found += [{k: v for k, v in base.items() if k != name} for base in bases]
            for value in values:
                found += [{**base, name: value} for base in bases]
        for name in UNDECLARED:
            found += [{**smallest, name: value} for value in PLAIN[:4]]
        most = hint.get("maxProperties")
        if isinstance(most, int) and most < MAX_VALUES:
            found.append({**smallest, **{f"undeclared_{i}": "text" for i in range(most + 1)}})
        return _distinct(found, MAX_VALUES * 8 if depth == 0 else MAX_VALUES)

    def _other(self, shape: Shape, name: str, extra: Any) -> Any:
        for pattern, schema in shape.get("patternProperties", {}).items():
            if name in strings_matching(pattern):
                return schema
        return extra

    def _arrays(self, shape: Shape, hint: Shape, depth: int) -> list[Any]:
        prefix, near = shape.get("prefixItems", []), hint.get("prefixItems", [])
        rest = self.values(shape.get("items", True), hint.get("items", True), depth + 1) or [None]
        firsts = [
            self.values(schema, near[i] if i < len(near) else hint.get("items", True), depth + 1)
            for i, schema in enumerate(prefix)
        ]
        head = [values[0] for values in firsts if values]
        found: list[Any] = []
        for size in sorted(_sizes(shape, hint, "minItems", "maxItems")):
            found.append((head + [rest[i % len(rest)] for i in range(size)])[:size])
            found.append((head + [rest[0]] * size)[:size])
        found += [head, *([*head, value] for value in rest)]
        for i, values in enumerate(firsts):
            found += [[*head[:i], value, *head[i + 1 :]] for value in values]
        if "contains" in shape:
            found += [[value] for value in self.values(shape["contains"], True, depth + 1)]
        return _distinct(found)


def _loosely_joined(shape: Shape, part: Shape) -> Shape:
    return {
        **part,
        **shape,
        "properties": {**part.get("properties", {}), **shape.get("properties", {})},
        "required": [*shape.get("required", ()), *part.get("required", ())],
    }


def _kinds(shape: Shape) -> list[str]:
    if "type" in shape:
        return list(as_list(shape["type"]))
    return [kind for kind, keywords in _IMPLIED if any(k in shape for k in keywords)]


def _pattern_names(*shapes: Shape) -> Iterable[str]:
    for shape in shapes:
        for pattern in shape.get("patternProperties", {}):
            yield from strings_matching(pattern)[:2]


def _sizes(shape: Shape, hint: Shape, least: str, most: str) -> set[int]:
    limits = [s[k] for s in (shape, hint) for k in (least, most) if isinstance(s.get(k), int)]
    around = {size for limit in limits for size in (limit - 1, limit, limit + 1)}
    return {size for size in around | {0, 1, 2} if 0 <= size <= MAX_LENGTH}


def _strings(shape: Shape, hint: Shape) -> list[Any]:
    exact = [s for s in hint.get("enum", ()) if isinstance(s, str)]
    bases = list(FORMATS.get(shape.get("format", ""), ()))
    for pattern in (shape.get("pattern"), hint.get("pattern")):
        bases += strings_matching(pattern) if isinstance(pattern, str) else []
    bases += ["a", "text", "0", "é\n"]
    found = [*bases[:1], *exact, *bases[1:]]
    for size in sorted(_sizes(shape, hint, "minLength", "maxLength")):
        base = bases[0] or "a"
        found += [(base * size)[:size], base + base[-1] * max(0, size - len(base)), "a" * size]
    return found


def _numbers(shape: Shape, hint: Shape, *, whole: bool) -> list[Any]:
    keys = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
    limits = [s[k] for s in (shape, hint) for k in keys if isinstance(s.get(k), int | float)]
    found: list[Any] = [1, 0, -1, 2, 3]
    for limit in limits:
        found += [limit, limit + 1, limit - 1, limit * 2, limit * 3, -limit]
        found += [] if whole else [limit + 0.5, limit - 0.5, limit / 2]
    found += [10**12, -(10**12), 2**53, 1.0] + ([] if whole else [0.5, 1.25, -0.001, 1e10])
    return [int(n) if whole and isinstance(n, float) and n != 1.0 else n for n in found]


def _distinct(values: Iterable[Any], limit: int = MAX_VALUES) -> list[Any]:
    found: dict[str, Any] = {}
    for value in values:
        # 1 and 1.0 are one value to the specification, and two to draft 4.
        found.setdefault(f"{type(value).__name__}{value_key(value)}", value)
        if len(found) >= limit:
            break
    return list(found.values())

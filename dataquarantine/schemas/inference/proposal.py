"""From what was seen to a schema that says no more than the samples show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from dataquarantine.errors import InvalidSchema
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.inference.observation import Observation, Places

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPE_ORDER: Final = ("object", "array", "string", "number", "integer", "boolean", "null")
#: Fewer values prove no format, lower bound or enum.
_ENOUGH: Final = 20
_MAX_ENUM: Final = 12
#: An enum is proposed when its values came back this often on average, and each at least twice.
_RETURNS: Final = 10
#: Objects with more names than this, each of them rare, are maps.
_MAP_NAMES: Final = 20
_MAP_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """Why one place of the schema is as it is.

    path: `items[].price`, `scores{}` for the values of a map, "" for the document.
    present, of: in how many of its parents the place was seen.
    types: how often each JSON type was seen. notes: what was proposed or nearly so.
    """

    path: str
    present: int
    of: int
    types: dict[str, int]
    notes: tuple[str, ...]

    @property
    def share(self) -> float:
        """The share of parents that have it."""
        return self.present / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A schema for the samples; `document` is what belongs into the file, ready for YAML."""

    document: dict[str, Any]
    samples: int
    evidence: tuple[FieldEvidence, ...]


def infer(
    samples: Iterable[Any],
    *,
    name: str,
    version: str = "1.0.0",
    ignore: Collection[str] = ("_schema", "_schema_version"),
) -> Proposal:
    """Propose a schema that all samples pass.

    The same samples in the same order give the same proposal. Upper bounds and lengths are told
    as evidence, not proposed: tomorrow's records may exceed them.
    Args: samples: decoded JSON documents, taken one by one. ignore: top-level fields left out.
    Raises: InvalidSchema when there is no sample, or the name can't be used.
    Cost: about 15 us for an event of eight fields; memory for 200 properties an object, 50 texts
    a property. CPU work: call it outside an event loop.
    """
    root = Observation(Places())
    count = 0
    for sample in samples:
        count += 1
        if isinstance(sample, dict) and not sample.keys().isdisjoint(ignore):
            sample = {key: value for key, value in sample.items() if key not in ignore}
        root.add(sample)
    if not count:
        remedy = "give at least one JSON document"
        raise InvalidSchema("there are no samples to infer from", where=name, remedy=remedy)
    document = {
        "name": name,
        "version": version,
        "description": f"Inferred from {count} samples; review before use.",
        "type": "json_schema",
        "schema": {"$schema": _DIALECT, **_schema(root)},
    }
    try:
        SchemaDocument.model_validate(document)
    except ValueError as exc:
        remedy = "choose a name of letters, digits, _ . - and a SemVer version"
        raise InvalidSchema(f"{name!r} {version!r} can't be used", remedy=remedy) from exc
    return Proposal(document, count, tuple(_evidence(root, "", count, count)))


def _schema(seen: Observation) -> dict[str, Any]:
    types = _types(seen)
    if not types:
        return {}
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    if "object" in types:
        schema.update(_object(seen))
    if "array" in types and seen.items is not None and seen.items.types:
        schema["items"] = _schema(seen.items)
    if "string" in types:
        schema.update(_text(seen, types))
    if _has_lower_bound(seen):
        schema["minimum"] = 0
    return schema


def _types(seen: Observation) -> list[str]:
    return [
        kind
        for kind in _TYPE_ORDER
        if seen.types[kind] and not (kind == "integer" and seen.types["number"])
    ]


def _object(seen: Observation) -> dict[str, Any]:
    if _is_map(seen):
        return {"additionalProperties": _schema(seen.become_map())}
    if not seen.properties:
        return {}
    objects = seen.types["object"]
    required = [name for name, child in seen.properties.items() if _present(child) == objects]
    schema: dict[str, Any] = {
        "properties": {name: _schema(child) for name, child in seen.properties.items()}
    }
    if required:
        schema["required"] = required
    return schema


def _is_map(seen: Observation) -> bool:
    if seen.values is not None:
        return True
    names = len(seen.properties)
    if names <= _MAP_NAMES:
        return False
    present = sum(_present(child) for child in seen.properties.values())
    return present / names < _MAP_SHARE * seen.types["object"]


def _text(seen: Observation, types: list[str]) -> dict[str, Any]:
    found = _format(seen)
    if found == "email":
        return {"format": found, "x-pii": "mask"}
    if found is not None:
        return {"format": found}
    texts = _enum(seen)
    # an enum would bind the other types too
    if texts and set(types) <= {"string", "null"}:
        return {"enum": [*texts, None] if "null" in types else texts}
    return {}


def _format(seen: Observation) -> str | None:
    texts = seen.types["string"]
    if texts < _ENOUGH:
        return None
    return next((name for name, count in seen.formats.items() if count == texts), None)


def _enum(seen: Observation) -> list[str]:
    texts = seen.texts
    if not texts or len(texts) > _MAX_ENUM or min(texts.values()) < 2:
        return []
    often = seen.types["string"] >= max(_ENOUGH, _RETURNS * len(texts))
    return sorted(texts) if often else []


def _has_lower_bound(seen: Observation) -> bool:
    numbers = seen.types["integer"] + seen.types["number"]
    return seen.low is not None and seen.low >= 0 and numbers >= _ENOUGH


def _present(seen: Observation) -> int:
    return seen.types.total()


def _evidence(seen: Observation, path: str, present: int, of: int) -> Iterator[FieldEvidence]:
    types = {kind: seen.types[kind] for kind in _TYPE_ORDER if seen.types[kind]}
    yield FieldEvidence(path, present, of, types, tuple(_notes(seen)))
    objects = seen.types["object"]
    for name, child in seen.properties.items():
        inner = f"{path}.{name}" if path else name
        yield from _evidence(child, inner, _present(child), objects)
    for inside, mark in ((seen.values, "{}"), (seen.items, "[]")):
        if inside is not None:
            yield from _evidence(inside, path + mark, _present(inside), _present(inside))


def _notes(seen: Observation) -> Iterator[str]:
    texts = seen.types["string"]
    for name, count in seen.formats.items():
        fits = f"{count} of {texts} texts"
        if name == _format(seen):
            yield f"format {name}: {fits}"
        elif count == texts < _ENOUGH:
            yield f"perhaps format {name}: {fits}, too few to tell"
        else:
            yield f"not format {name}: {fits}"
    if _format(seen) is None and (values := _enum(seen)):
        yield f"enum: {len(values)} values in {texts} texts"
    if seen.low is not None and seen.high is not None:
        yield f"range: {_number(seen.low)} to {_number(seen.high)}"
    if seen.values is not None:
        yield "map: its names are many or rare, so they are keys"


def _number(value: float) -> str:
    """Write a number shortly; integers may be longer than any float, or any text of one."""
    if isinstance(value, int) and value.bit_length() > 64:
        return f"{'-' if value < 0 else ''}2^{value.bit_length()}"
    return f"{value:g}" if isinstance(value, float) else str(value)

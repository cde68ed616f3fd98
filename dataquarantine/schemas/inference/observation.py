"""What was seen at one place of the samples; the memory it takes is bounded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from dataquarantine.schemas.inference.formats import format_of

#: More names than these in one object are taken for keys of a map, not for properties.
MAX_PROPERTIES: Final = 200
#: Beyond so many places in all, new names are keys of maps too.
MAX_PLACES: Final = 20_000
MAX_DEPTH: Final = 32
#: Distinct texts kept for an enum; longer texts are no names of states.
MAX_TEXTS: Final = 50
MAX_TEXT_LENGTH: Final = 64
#: A place whose first texts have no format is not asked again.
_TEXTS_ASKED: Final = 500

_NAMES: Final = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


@dataclass(slots=True)
class Places:
    """How many places were made in all."""

    count: int = 0


@dataclass(slots=True)
class Observation:
    """Counts of one place: a property, the items of an array, the values of a map.

    texts: distinct texts and their counts; None once there were too many or too long ones.
    values: the one place for all values of an object that turned out to be a map.
    """

    places: Places
    types: Counter[str] = field(default_factory=Counter)
    low: float | None = None
    high: float | None = None
    texts: Counter[str] | None = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    properties: dict[str, Observation] = field(default_factory=dict)
    values: Observation | None = None
    items: Observation | None = None

    def add(self, value: Any, depth: int = 0) -> None:
        """Take a value into account."""
        kind = _NAMES[type(value)]
        self.types[kind] += 1
        if kind == "string":
            self._add_text(value)
        elif kind in ("integer", "number"):
            self._widen(value, value)
        elif kind == "object" and depth < MAX_DEPTH:
            self._add_object(value, depth + 1)
        elif kind == "array" and depth < MAX_DEPTH:
            if self.items is None:
                self.items = self._place()
            for item in value:
                self.items.add(item, depth + 1)

    def merge(self, other: Observation) -> None:
        """Take over what another place saw."""
        self.types.update(other.types)
        self.formats.update(other.formats)
        if other.low is not None and other.high is not None:
            self._widen(other.low, other.high)
        self._merge_texts(other)
        if other.items is not None:
            self.items = self.items or self._place()
            self.items.merge(other.items)
        if other.values is not None:
            self.values = self.values or self._place()
            self.values.merge(other.values)
        for name, child in other.properties.items():
            self._child(name).merge(child)

    def become_map(self) -> Observation:
        """Forget the names of the properties: they are keys that the sender chooses."""
        if self.values is None:
            self.values = self._place()
        for child in self.properties.values():
            self.values.merge(child)
        self.properties.clear()
        return self.values

    def _add_object(self, value: dict[str, Any], depth: int) -> None:
        for name, item in value.items():
            self._child(name).add(item, depth)

    def _child(self, name: str) -> Observation:
        if self.values is not None:
            return self.values
        child = self.properties.get(name)
        if child is None:
            if len(self.properties) == MAX_PROPERTIES or self.places.count >= MAX_PLACES:
                return self.become_map()
            child = self.properties[name] = self._place()
        return child

    def _place(self) -> Observation:
        self.places.count += 1
        return Observation(self.places)

    def _add_text(self, text: str) -> None:
        texts = self.texts
        if texts is not None:
            texts[text] += 1
            if len(texts) > MAX_TEXTS or len(text) > MAX_TEXT_LENGTH:
                self.texts = None
        if self.formats or self.types["string"] <= _TEXTS_ASKED:
            found = format_of(text)
            if found is not None:
                self.formats[found] += 1

    def _merge_texts(self, other: Observation) -> None:
        if self.texts is None or other.texts is None:
            self.texts = None
            return
        self.texts.update(other.texts)
        if len(self.texts) > MAX_TEXTS:
            self.texts = None

    def _widen(self, low: float, high: float) -> None:
        self.low = low if self.low is None or low < self.low else self.low
        self.high = high if self.high is None or high > self.high else self.high

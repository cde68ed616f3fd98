"""A smaller document that stands for a large one when its violations are to be named.

The engine builds every violation before it hands out the first: about 15 us each, 1.5 ms under a
union of fifty. A record of a megabyte with 200,000 wrong items would hold the worker for seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

#: Values in a document up to which all violations are named.
MAX_VALUES: Final = 2000
#: Of a longer array this many items stay, half of them the first ones; likewise properties.
MAX_CHILDREN: Final = 40
MIN_CHILDREN: Final = 2

#: Keywords that could fail only because something was left out.
UNSOUND: Final = frozenset(("contains", "minContains", "minItems", "minProperties"))

Path = Sequence[str | int]


def is_large(document: Any) -> bool:
    """Tell whether a document holds more than `MAX_VALUES` values."""
    if type(document) is dict and len(document) <= MAX_VALUES:
        kinds = set(map(type, document.values()))  # of an event, most often all scalars
        if dict not in kinds and list not in kinds:
            return False
    waiting, seen = [document] if type(document) in (dict, list) else [], 0
    while waiting:
        at = waiting.pop()
        seen += len(at)
        if seen > MAX_VALUES:
            return True
        values = at.values() if type(at) is dict else at
        waiting += [value for value in values if type(value) is dict or type(value) is list]
    return False


class Sample:
    """Part of a document: arrays and objects with fewer children, none left out that has a name.

    Args: names: properties that the schema speaks of; they stay.
    """

    def __init__(self, document: Any, names: Collection[str]) -> None:
        self._document = document
        self._names = names
        self._indexes: dict[tuple[str | int, ...], list[int]] = {}
        self._cut: set[tuple[str | int, ...]] = set()
        self.document = self._part(document, (), MAX_VALUES)

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was left out."""
        return not self._cut

    def is_cut(self, path: Path) -> bool:
        """Tell whether children of the value at a path of the sample were left out."""
        return tuple(path) in self._cut

    def origin(self, path: Path) -> list[str | int]:
        """Translate a path of the sample to the document's."""
        found: list[str | int] = []
        for length, part in enumerate(path):
            indexes = self._indexes.get(tuple(path[:length]))
            found.append(indexes[part] if indexes is not None and isinstance(part, int) else part)
        return found

    def value_at(self, origin: Path) -> Any:
        """Return the value at a path of the document."""
        value = self._document
        for part in origin:
            value = value[part]
        return value

    def _part(self, value: Any, path: tuple[str | int, ...], budget: int) -> Any:
        if type(value) is dict:
            return self._properties(value, path, budget)
        if type(value) is list:
            return self._items(value, path, budget)
        return value

    def _properties(self, value: dict[str, Any], path: tuple[str | int, ...], budget: int) -> Any:
        kept: Iterable[str] = value
        if len(value) > MAX_CHILDREN:
            others = [name for name in value if name not in self._names]
            if len(others) > MAX_CHILDREN:
                self._cut.add(path)
                chosen = {others[at] for at in _spread(len(others), MAX_CHILDREN)}
                kept = [name for name in value if name in self._names or name in chosen]
        share = budget // max(len(value), 1)
        return {name: self._part(value[name], (*path, name), share) for name in kept}

    def _items(self, value: list[Any], path: tuple[str | int, ...], budget: int) -> Any:
        kept = min(len(value), max(MIN_CHILDREN, min(MAX_CHILDREN, budget)))
        if kept == len(value):
            indexes = list(range(kept))
        else:
            indexes = _spread(len(value), kept)
            self._cut.add(path)
            self._indexes[path] = indexes
        share = budget // max(kept, 1)
        return [self._part(value[at], (*path, to), share) for to, at in enumerate(indexes)]


def _spread(length: int, kept: int) -> list[int]:
    """Choose indexes: the first ones, then others evenly up to the last."""
    first = kept // 2
    rest, others = length - first, kept - first
    return [*range(first), *(first + (at + 1) * rest // others - 1 for at in range(others))]

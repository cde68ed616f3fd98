"""Making records after a schema's examples, fast and repeatable."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from dataquarantine.clock import Clock, SystemClock
from dataquarantine.dev.faults import faults
from dataquarantine.errors import DataQuarantineError
from dataquarantine.schemas.documents import SchemaDocument

_DIGITS = re.compile(r"\d+(?!.*\d)")
_KEY_MARK = "\N{NULL}key\N{NULL}"
_NOW_MARK = "\N{NULL}now\N{NULL}"
#: The marks as JSON writes them.
_KEY_PART = b"\\u0000key\\u0000"
_NOW_PART = b"\\u0000now\\u0000"
_MARKS = re.compile(rb"(\\u0000key\\u0000|\\u0000now\\u0000)")
PADDING_FIELD = "padding"


class CannotGenerate(DataQuarantineError):
    """A schema gives too little to make records of."""


class MadeRecord(NamedTuple):
    """A record to be produced."""

    key: bytes | None
    value: bytes
    valid: bool


@dataclass(frozen=True, slots=True)
class Mix:
    """What to make. `key_skew` is Zipf's exponent: 0 spreads evenly, 1 is what shops see."""

    invalid_share: float = 0.0
    size_bytes: int = 0
    keys: int = 1000
    key_skew: float = 0.0
    seed: int = 1


class Generator:
    """Makes records of one schema; the same seed gives the same records, times apart.

    Valid ones follow the examples with another key and the present time; invalid ones follow the
    counter-examples and the examples with one fault.
    Cost: about 2 us a record of 200 bytes.
    """

    def __init__(
        self,
        document: SchemaDocument,
        mix: Mix,
        *,
        selector: str | None = "_schema",
        clock: Clock | None = None,
    ) -> None:
        if not document.examples:
            raise CannotGenerate(
                f"schema {document.reference} has no examples; add one to its file"
            )
        self.invalid_made = 0
        self._clock = clock or SystemClock()
        self._random = random.Random(mix.seed)
        self._mix = mix
        definition = document.definition if isinstance(document.definition, dict) else {}
        self._template = _Templates(document, definition, mix.size_bytes, selector)
        self._valid = [self._template.of(each) for each in document.examples]
        self._invalid = [self._template.of(each) for each in _broken(document, definition)]
        if mix.invalid_share and not self._invalid:
            raise CannotGenerate(
                f"schema {document.reference} has no counter_examples; add one to its file"
            )
        self._keys = _keys(document, mix.keys)
        weights = [1 / (rank**mix.key_skew) for rank in range(1, len(self._keys) + 1)]
        self._cumulated = list(accumulate(weights))

    def make(self, count: int) -> list[MadeRecord]:
        """Make the next records."""
        choose, share = self._random.choice, self._mix.invalid_share
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()
        keys = self._random.choices(self._keys, cum_weights=self._cumulated, k=count)
        made = []
        for key, dice in zip(keys, (self._random.random() for _ in range(count)), strict=True):
            valid = dice >= share
            self.invalid_made += not valid
            parts = choose(self._valid if valid else self._invalid)
            value = b"".join(
                key if part == _KEY_PART else now if part == _NOW_PART else part for part in parts
            )
            made.append(MadeRecord(key, value, valid))
        return made


class _Templates:
    """Turns a document into byte parts with places for key and time."""

    def __init__(
        self,
        document: SchemaDocument,
        definition: dict[str, Any],
        size_bytes: int,
        selector: str | None,
    ) -> None:
        self._name = document.name
        self._key = document.key
        self._size_bytes = size_bytes
        self._selector = selector
        self._times = {
            name
            for name, schema in definition.get("properties", {}).items()
            if isinstance(schema, dict) and schema.get("format") == "date-time"
        }
        closed = definition.get("additionalProperties", True) is not True
        if size_bytes and closed and PADDING_FIELD not in definition.get("properties", {}):
            raise CannotGenerate(
                f"schema {document.reference} allows no extra field {PADDING_FIELD!r}; "
                "leave the size out"
            )

    def of(self, example: Any) -> Sequence[bytes]:
        if not isinstance(example, dict):
            return (orjson.dumps(example),)
        marked = {self._selector: self._name} if self._selector else {}
        marked |= {name: self._marked(name, value) for name, value in example.items()}
        if (missing := self._size_bytes - len(orjson.dumps(marked))) > 0:
            marked[PADDING_FIELD] = "x" * max(0, missing - len(PADDING_FIELD) - 6)
        return tuple(_MARKS.split(orjson.dumps(marked)))

    def _marked(self, name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if name == self._key and _DIGITS.search(value):
            return _KEY_MARK
        return _NOW_MARK if name in self._times and value[:2] == "20" else value


def _broken(document: SchemaDocument, definition: dict[str, Any]) -> list[Any]:
    made = [
        fault.break_(example)
        for example in document.examples
        for fault in faults(definition, example)
    ]
    return [*document.counter_examples, *made]


def _keys(document: SchemaDocument, count: int) -> list[bytes]:
    """Make keys like the example's: its last run of digits counts."""
    example = next(
        (
            value
            for each in document.examples
            if isinstance(each, dict) and isinstance(value := each.get(document.key or ""), str)
        ),
        "key-00000",
    )
    found = _DIGITS.search(example)
    if found is None:
        return [example.encode()]
    width = len(found.group())
    step = max(1, 10**width // max(1, count))
    numbers = (str(rank * step % 10**width).zfill(width) for rank in range(count))
    return [f"{example[: found.start()]}{n}{example[found.end() :]}".encode() for n in numbers]

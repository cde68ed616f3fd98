"""What lies on a topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Header = tuple[str, bytes | None]


class TopicPartition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


class Record(Protocol):
    """A consumed record. Attribute names are aiokafka's, so its records are used without a copy.

    `offset` is the record's own; what is committed after it is `next_offset` = offset + 1.
    `timestamp` is in milliseconds since the epoch, -1 when the producer gave none.
    """

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[Header]: ...


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record made outside a consumer: from a file, a command or a test."""

    value: bytes | None
    topic: str = "raw-events"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = None
    headers: Sequence[Header] = ()

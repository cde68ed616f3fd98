"""Which chunk was being judged when its process died."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from dataquarantine.errors import ConfigError
from dataquarantine.records import TopicPartition

#: Deaths after which a chunk is judged in isolation. One is enough: isolation costs a second, and
#: each worker of the group keeps a journal of its own, so a bad record kills each at most once.
ISOLATE_AFTER = 1

_MAGIC = b"dq-chunk-journal-1\n".ljust(32, b"\0")
_TOPIC_BYTES = 249  # Kafka's longest topic name
#: attempts, partition, first offset, next offset, length and text of the topic
_SLOT = Struct(f"<IiqqH{_TOPIC_BYTES}s")
_RANGE = Struct("<Iiqq")
_SLOT_BYTES = 288
_SLOTS_AT_ONCE = 64


@dataclass(slots=True)
class _Slot:
    """A partition's range under suspicion; `attempts` counts the one under way too."""

    at: int
    attempts: int
    first: int
    next: int


class ChunkJournal:
    """Remembers, across the death of this process, what it was judging.

    A memory-mapped file without fsync: what was written outlives the process, kill -9 included,
    because it lies in the kernel's page cache; only the death of the machine loses it, and then
    no record was to blame. One journal belongs to one process at a time.
    Cost: 0.4 us for `begin` and `done` of a chunk.
    """

    def __init__(self, path: Path) -> None:
        self._slots: dict[TopicPartition, _Slot] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("r+b" if path.exists() else "w+b") as file:
                self._map = self._open(file)
        except OSError as exc:
            raise ConfigError(
                f"{path} can't be opened ({exc.strerror}); make data_dir writable"
            ) from exc

    def begin(self, partition: TopicPartition, first_offset: int, next_offset: int) -> int:
        """Note that a chunk is about to be judged.

        Returns: how often a process died while judging some record of it.
        """
        slot = self._slots.get(partition) or self._new_slot(partition)
        deaths = 0
        if slot.attempts and first_offset < slot.next and slot.first < next_offset:
            deaths = slot.attempts
            # the culprit may lie behind this chunk's end: chunks are cut anew after a restart
            next_offset = max(next_offset, slot.next)
        self._write(slot, partition, deaths + 1, first_offset, next_offset)
        return deaths

    def done(self, partition: TopicPartition, next_offset: int) -> None:
        """Note that everything before `next_offset` has been judged."""
        slot = self._slots[partition]
        rest = slot.next > next_offset
        attempts = slot.attempts - 1 if rest else 0
        self._write(slot, partition, attempts, next_offset, slot.next)

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()

    def _open(self, file: BinaryIO) -> mmap.mmap:
        content = file.read()
        whole = (len(content) - len(_MAGIC)) % _SLOT_BYTES == 0
        if not (content.startswith(_MAGIC) and whole):
            # a hint, not a ledger: what can't be read is begun anew
            file.truncate(0)
            file.truncate(len(_MAGIC) + _SLOTS_AT_ONCE * _SLOT_BYTES)
            mapped = mmap.mmap(file.fileno(), 0)
            mapped[: len(_MAGIC)] = _MAGIC
            return mapped
        for at in range(len(_MAGIC), len(content), _SLOT_BYTES):
            attempts, partition, first, next_, size, topic = _SLOT.unpack_from(content, at)
            if size:
                name = topic[:size].decode("utf-8", "replace")
                self._slots[TopicPartition(name, partition)] = _Slot(at, attempts, first, next_)
        return mmap.mmap(file.fileno(), 0)

    def _new_slot(self, partition: TopicPartition) -> _Slot:
        at = len(_MAGIC) + len(self._slots) * _SLOT_BYTES
        if at == len(self._map):
            self._map.resize(at + _SLOTS_AT_ONCE * _SLOT_BYTES)
        topic = partition.topic.encode()
        _SLOT.pack_into(self._map, at, 0, partition.partition, 0, 0, len(topic), topic)
        slot = self._slots[partition] = _Slot(at, 0, 0, 0)
        return slot

    def _write(
        self, slot: _Slot, partition: TopicPartition, attempts: int, first: int, next_: int
    ) -> None:
        slot.attempts, slot.first, slot.next = attempts, first, next_
        _RANGE.pack_into(self._map, slot.at, attempts, partition.partition, first, next_)

"""Local files that stand in while a store is away."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from dataquarantine.errors import DataQuarantineError, SinkUnavailable

logger = logging.getLogger(__name__)

NAME = "spool"
SEGMENT_BYTES = 4 * 2**20
_SUFFIX = ".jsonl"


class SpoolTaken(DataQuarantineError):
    """Another process has that spool open."""


class SpoolQueue:
    """Lines in order, in append-only segment files; a segment is removed as a whole.

    Appends and reads may come from different threads. What an append returned for is on disk.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()
        self._active: int | None = None
        self._sizes: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        for path in sorted(folder.glob(f"*{_SUFFIX}")):
            self._sizes[path] = path.stat().st_size
            self._counts[path] = sum(1 for _ in _lines(path))
        self._next = 1 + max((int(path.stem) for path in self._sizes), default=0)

    @property
    def size_bytes(self) -> int:
        return sum(self._sizes.values())

    @property
    def lines(self) -> int:
        return sum(self._counts.values())

    def append(self, lines: Sequence[bytes]) -> None:
        """Write lines and wait until the disk has them.

        Raises: OSError; nothing of the lines is kept then.
        """
        if not lines:
            return
        data = b"\n".join(lines) + b"\n"
        with self._lock:
            path = self._segment()
            size = self._sizes[path]
            try:
                self._write(path, data)
            except OSError:
                os.truncate(path, size)
                raise
            self._sizes[path] = size + len(data)
            self._counts[path] += len(lines)

    def sealed(self) -> list[Path]:
        """Return the segments written so far, oldest first; later appends go to a new one."""
        with self._lock:
            self._active = None
            return sorted(self._sizes)

    def read(self, segment: Path) -> Iterator[bytes]:
        """Read the lines of a sealed segment; a last line torn by a crash was never promised."""
        return _lines(segment)

    def remove(self, segment: Path) -> int:
        """Forget a segment whose lines have arrived; returns how many they were."""
        with self._lock:
            segment.unlink()
            del self._sizes[segment]
            return self._counts.pop(segment)

    def _segment(self) -> Path:
        active = self._folder / f"{self._active:012d}{_SUFFIX}" if self._active else None
        if active is not None and self._sizes[active] < SEGMENT_BYTES:
            return active
        self._active, self._next = self._next, self._next + 1
        path = self._folder / f"{self._active:012d}{_SUFFIX}"
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _sync_folder(self._folder)
        self._sizes[path] = self._counts[path] = 0
        return path

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        with path.open("ab", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())


class Spool:
    """The spool of one process: rows for Postgres, payloads for the object store.

    `refused` keeps lines that no store will ever take, for a person to look at.

    Each process takes the first slot (`folder/0`, `folder/1`, ...) that no living process holds,
    and with it whatever a dead one left there.
    """

    def __init__(self, slot: Path, *, max_bytes: int) -> None:
        """Raises: SpoolTaken when another process holds that slot."""
        slot.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.slot = slot
        self._held = _hold(slot)
        self.rows = SpoolQueue(slot / "rows")
        self.payloads = SpoolQueue(slot / "payloads")
        self.refused = SpoolQueue(slot / "refused")
        self._lock = threading.Lock()
        self._max_bytes = max_bytes
        # Marks of drained payloads are always taken, so that a full spool can be emptied.
        self._limit = max_bytes - min(max_bytes // 8, 2**20)

    @classmethod
    def open(cls, folder: Path, *, max_bytes: int) -> Spool:
        """Take the first free slot."""
        number = 0
        while True:
            try:
                return cls(folder / str(number), max_bytes=max_bytes)
            except SpoolTaken:
                number += 1

    @property
    def size_bytes(self) -> int:
        return self.rows.size_bytes + self.payloads.size_bytes + self.refused.size_bytes

    @property
    def records(self) -> int:
        """Entries that wait, rows and payloads each counted."""
        return self.rows.lines + self.payloads.lines

    def append(self, *, rows: Sequence[bytes] = (), payloads: Sequence[bytes] = ()) -> None:
        """Keep lines durably, payloads first; all of them fit or none is taken.

        Raises: SinkUnavailable when the spool is full or its disk fails.
        """
        needed = sum(map(len, rows)) + len(rows) + sum(map(len, payloads)) + len(payloads)
        with self._lock:
            if self.size_bytes + needed > self._limit:
                raise SinkUnavailable(
                    NAME,
                    f"{self.slot} is full: it holds {self.size_bytes} of {self._max_bytes} bytes,"
                    f" {needed} more don't fit",
                )
            try:
                self.payloads.append(payloads)
                self.rows.append(rows)
            except OSError as exc:
                raise SinkUnavailable(NAME, f"{self.slot}: {exc.strerror}") from exc

    def set_aside(self, line: bytes, reason: str) -> None:
        """Keep a line that no store takes; it is not drained.

        Raises: SinkUnavailable when the disk fails.
        """
        logger.error(
            "An entry of the spool %s is set aside: %s",
            self.slot,
            reason,
            extra={"action": "spool_entry_set_aside"},
        )
        try:
            self.refused.append([line])
        except OSError as exc:
            raise SinkUnavailable(NAME, f"{self.slot}: {exc.strerror}") from exc

    def orphans(self) -> Iterator[Spool]:
        """Open, one after the other, the slots that dead processes left filled."""
        for slot in sorted(self.slot.parent.iterdir()):
            if slot == self.slot or not any(slot.glob(f"*/*{_SUFFIX}")):
                continue
            try:
                orphan = Spool(slot, max_bytes=self._max_bytes)
            except SpoolTaken:
                continue
            try:
                yield orphan
            finally:
                orphan.close()

    def close(self) -> None:
        """Give the slot back; what waits in it stays."""
        self._held.close()


def _hold(slot: Path) -> BinaryIO:
    lock = os.fdopen(os.open(slot / "lock", os.O_CREAT | os.O_RDWR, 0o600), "rb")
    try:
        # The kernel releases it when the process is gone, however that happened.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        lock.close()
        raise SpoolTaken(f"{slot} is held by another process") from exc
    return lock


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

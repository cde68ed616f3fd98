"""How payloads lie in the bucket."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from dataquarantine.quarantine.entries import Entry
from dataquarantine.quarantine.envelope import crc32c
from dataquarantine.store.objects import ObjectStore, StoredObject
from dataquarantine.store.row import StoredMark

Layout = Literal["record", "segment", "auto"]

#: `auto` packs chunks of at least this many records; a chunk's size follows the rate.
SEGMENT_FROM_RECORDS = 20
_LEVEL = 4


@dataclass(frozen=True, slots=True)
class Package:
    """An object and the rows whose payload is in it."""

    item: StoredObject
    marks: tuple[StoredMark, ...]


def pack(entries: Sequence[Entry], layout: Layout, topic: str) -> tuple[list[Entry], list[Package]]:
    """Lay out the payloads of a chunk of the dead letter topic `topic`.

    Returns: the entries with their storage paths, and the objects; entries without a body are in
        the bucket already.
    """
    packed = [entry for entry in entries if entry.body is not None]
    many = len(packed) >= SEGMENT_FROM_RECORDS
    if layout == "record" or (layout == "auto" and not many) or not packed:
        return list(entries), [_single(entry) for entry in packed]
    return _segment(entries, topic)


def fetch(objects: ObjectStore, storage_path: str) -> bytes:
    """Fetch an envelope back, whichever way it was laid out.

    Raises: ObjectMissing, SinkUnavailable.
    """
    path, _, span = storage_path.partition("#")
    if not span:
        return objects.get(path)
    start, _, end = span.partition("-")
    return gzip.decompress(objects.get(path, int(start), int(end)))


def _single(entry: Entry) -> Package:
    path = entry.row.storage_path
    return Package(StoredObject(path, entry.body or b""), (_mark(entry),))


def _segment(entries: Sequence[Entry], topic: str) -> tuple[list[Entry], list[Package]]:
    """Pack a chunk as gzip members, each of which can be fetched alone."""
    members = [
        b"" if entry.body is None else gzip.compress(entry.body, _LEVEL, mtime=0)
        for entry in entries
    ]
    body = b"".join(members)
    path = _segment_path(entries, topic, body)
    placed: list[Entry] = []
    start = 0
    for entry, member in zip(entries, members, strict=True):
        if member:
            span = f"{path}#{start}-{start + len(member)}"
            entry = replace(entry, row=msgspec.structs.replace(entry.row, storage_path=span))
        placed.append(entry)
        start += len(member)
    marks = tuple(_mark(entry) for entry in placed if entry.body is not None)
    return placed, [Package(StoredObject(path, body, "application/gzip"), marks)]


def _segment_path(entries: Sequence[Entry], topic: str, body: bytes) -> str:
    """Name a segment by its offsets and its contents.

    The checksum keeps apart what a dead letter topic that was made anew has at the same offsets.
    """
    first, last = entries[0].row, entries[-1].row
    span = f"{first.dlq_offset}-{last.dlq_offset}"
    return f"{topic}/{first.dlq_partition}/{span}_{crc32c(body):08x}.gz"


def _mark(entry: Entry) -> StoredMark:
    return StoredMark(entry.row.id, entry.row.timestamp, entry.row.storage_path)

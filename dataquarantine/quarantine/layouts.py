"""How payloads lie in the bucket."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec
from isal import isal_zlib

from dataquarantine.quarantine.entries import Entry
from dataquarantine.quarantine.envelope import crc32c
from dataquarantine.store.objects import ObjectStore, StoredObject
from dataquarantine.store.row import StoredMark

Layout = Literal["record", "segment", "auto"]

#: `auto` packs from so many records on that are stored together, of all partitions: there are that
#: many from some 150 a second on. A request costs 1.5 ms of the processor, packing next to nothing.
SEGMENT_FROM_RECORDS = 8
#: As small as zlib's level 1, in less than half of its time; level 0 hardly makes them smaller.
_LEVEL = 1
#: zlib's way of saying: with gzip's header, the largest window.
_GZIP_BITS = 31
#: So many bytes between two envelopes are rather read along than left out by one more request.
MOST_GAP_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Package:
    """An object and the rows whose payload is in it."""

    item: StoredObject
    marks: tuple[StoredMark, ...]


def pack(entries: Sequence[Entry], layout: Layout) -> tuple[list[Entry], list[Package]]:
    """Lay out the payloads of dead letters, those of each partition by themselves.

    Returns: the entries with their storage paths, by partition, and the objects; entries without a
        body are in the bucket already.
    """
    partitions: defaultdict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        partitions[entry.topic, entry.row.dlq_partition].append(entry)
    placed: list[Entry] = []
    packages: list[Package] = []
    if layout == "auto" and sum(e.body is not None for e in entries) < SEGMENT_FROM_RECORDS:
        layout = "record"
    for of_partition in partitions.values():
        laid_out, objects = _pack_partition(of_partition, layout)
        placed += laid_out
        packages += objects
    return placed, packages


def _pack_partition(
    entries: Sequence[Entry], layout: Layout
) -> tuple[Sequence[Entry], list[Package]]:
    packed = [entry for entry in entries if entry.body is not None]
    if layout == "record" or not packed or (layout == "auto" and len(packed) == 1):
        return entries, [_single(entry) for entry in packed]
    return _segment(entries)


def fetch(objects: ObjectStore, storage_path: str) -> bytes:
    """Fetch an envelope back, whichever way it was laid out.

    Raises: ObjectMissing, SinkUnavailable.
    """
    return fetch_all(objects, [storage_path])[0]


def fetch_all(objects: ObjectStore, storage_paths: Sequence[str]) -> list[bytes]:
    """Fetch envelopes that lie in one object, in as few requests as make sense.

    Raises: ObjectMissing, SinkUnavailable.
    """
    path, _, span = storage_paths[0].partition("#")
    if not span:
        return [objects.get(path)] * len(storage_paths)
    spans = [_span(each) for each in storage_paths]
    found: dict[tuple[int, int], bytes] = {}
    for run in _runs(sorted(set(spans))):
        first = run[0][0]
        body = objects.get(path, first, run[-1][1])
        found |= {(a, b): gzip.decompress(body[a - first : b - first]) for a, b in run}
    return [found[each] for each in spans]


def object_of(storage_path: str) -> str:
    """Name the object that an envelope lies in."""
    return storage_path.partition("#")[0]


def _span(storage_path: str) -> tuple[int, int]:
    start, _, end = storage_path.partition("#")[2].partition("-")
    return int(start), int(end)


def _runs(spans: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Put spans together that one request reads."""
    runs: list[list[tuple[int, int]]] = []
    for span in spans:
        if runs and span[0] - runs[-1][-1][1] <= MOST_GAP_BYTES:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _single(entry: Entry) -> Package:
    path = entry.row.storage_path
    return Package(StoredObject(path, entry.body or b""), (_mark(entry),))


def _segment(entries: Sequence[Entry]) -> tuple[list[Entry], list[Package]]:
    """Pack what came of a partition as gzip members, each of which can be fetched alone."""
    members = [
        b"" if entry.body is None else isal_zlib.compress(entry.body, _LEVEL, _GZIP_BITS)
        for entry in entries
    ]
    body = b"".join(members)
    path = _segment_path(entries, body)
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


def _segment_path(entries: Sequence[Entry], body: bytes) -> str:
    """Name a segment by its offsets and its contents.

    The checksum keeps apart what a dead letter topic that was made anew has at the same offsets.
    """
    first, last = entries[0].row, entries[-1].row
    span = f"{first.dlq_offset}-{last.dlq_offset}"
    return f"{entries[0].topic}/{first.dlq_partition}/{span}_{crc32c(body):08x}.gz"


def _mark(entry: Entry) -> StoredMark:
    return StoredMark(entry.row.id, entry.row.timestamp, entry.row.storage_path)

"""Dead letters, their rows and their payloads, held against each other and the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
from sqlalchemy import text

from dataquarantine.audit.findings import Kind
from dataquarantine.audit.ranges import Proof
from dataquarantine.audit.topics import Bounds
from dataquarantine.records import Record, TopicPartition
from dataquarantine.replay.verdicts import read_verdict
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.topics import OUTCOMES

READ_TIMEOUT_S = 600.0
#: So many of a kind are named one by one; the rest is only counted.
MOST_NAMED = 20


class Letter(msgspec.Struct, frozen=True):
    """What an audit wants to know of a dead letter's value."""

    id: UUID
    source_topic: str
    source_partition: int
    source_offset: int


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row: where its payload lies, None while it waits in a spool."""

    id: UUID
    path: str | None
    dead_letter: tuple[int, int]


@dataclass(slots=True)
class Quarantine:
    """What is known of the dead letters of one source partition, by source offset.

    failed_again: replayed records that did not pass; their verdicts stand for dead letters.
    """

    letters: dict[int, Letter] = field(default_factory=dict)
    failed_again: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    rows: dict[int, StoredRow] = field(default_factory=dict)

    @property
    def offsets(self) -> set[int]:
        return self.letters.keys() | self.rows.keys() | self.failed_again


_DECODER = msgspec.json.Decoder(Letter)

Quarantines = Mapping[TopicPartition, Quarantine]
ReadAll = Callable[[str], AsyncIterator[list[Record]]]


async def read_letters(
    read: ReadAll,
    topics: Iterable[str],
    committed: Mapping[TopicPartition, int],
    progress: Callable[[int], None],
) -> dict[TopicPartition, Quarantine]:
    """Read the dead letter topics; letters that the sink has not committed are `waiting`.

    Raises: TopicUnreadable.
    """
    found: dict[TopicPartition, Quarantine] = defaultdict(Quarantine)
    for topic in topics:
        async for chunk in read(topic):
            stored_to = committed.get(TopicPartition(topic, chunk[0].partition), 0)
            for record in chunk:
                try:
                    letter = _DECODER.decode(record.value or b"")
                except msgspec.MsgspecError:
                    continue  # not ours: the sink keeps it under the dead letter topic's own name
                place = TopicPartition(letter.source_topic, letter.source_partition)
                found[place].letters[letter.source_offset] = letter
                if record.offset >= stored_to:
                    found[place].waiting.add(letter.source_offset)
            progress(len(chunk))
    return found


async def read_verdicts(
    read: ReadAll, into: dict[TopicPartition, Quarantine], progress: Callable[[int], None]
) -> None:
    """Read which replayed records did not pass.

    Raises: TopicUnreadable.
    """
    async for chunk in read(OUTCOMES):
        for record in chunk:
            verdict = read_verdict(record.value)
            if verdict is not None and verdict.failure is not None:
                place, _, offset = verdict.coordinates.rpartition("/")
                topic, _, partition = place.rpartition("/")
                tp = TopicPartition(topic, int(partition))
                into.setdefault(tp, Quarantine()).failed_again.add(int(offset))
        progress(len(chunk))


def read_rows(
    database: Database, topics: Iterable[str], into: dict[TopicPartition, Quarantine]
) -> None:
    """Read the coordinates of all rows of these source topics.

    Raises: SinkUnavailable.
    """
    statement = text(
        'SELECT id, topic, partition, "offset", dlq_partition, dlq_offset, storage_path,'
        " stored_at IS NOT NULL AS is_stored FROM quarantine_records WHERE topic = ANY(:topics)"
    )
    rows = database.transact(
        lambda c: c.execute(statement, {"topics": list(topics)}).all(), timeout_s=READ_TIMEOUT_S
    )
    for row in rows:
        quarantine = into.setdefault(TopicPartition(row.topic, row.partition), Quarantine())
        path = row.storage_path.partition("#")[0] if row.is_stored else None
        quarantine.rows[row.offset] = StoredRow(row.id, path, (row.dlq_partition, row.dlq_offset))


def read_purged(database: Database) -> set[UUID]:
    """Read the ids that were erased on purpose.

    Raises: SinkUnavailable.
    """
    statement = text("SELECT id FROM purged_records")
    return database.transact(lambda c: set(c.execute(statement).scalars()))


def check_quarantine(
    proof: Proof, quarantine: Quarantine, purged: set[UUID], objects: set[str]
) -> None:
    """Hold the dead letters of a partition against their rows and objects."""
    gone = [
        (offset, f"{letter.id} is on the dead letter topic, not in Postgres")
        for offset, letter in sorted(quarantine.letters.items())
        if offset not in quarantine.rows
        and offset not in quarantine.waiting
        and letter.id not in purged
        and _covered(proof, offset)
    ]
    unreachable = [
        (offset, f"{row.id}: no object {row.path}")
        for offset, row in sorted(quarantine.rows.items())
        if row.path is not None and row.path not in objects and _covered(proof, offset)
    ]
    remedy = "`dataquarantine quarantine rebuild` restores it"
    _name(proof, Kind.ROW_MISSING, gone, remedy)
    _name(proof, Kind.PAYLOAD_MISSING, unreachable, remedy)


def compare_counts(proof: Proof, quarantine: Quarantine, kept: Bounds, *, deep: bool) -> None:
    """Hold the number of dead letters against the ledger's.

    Args: deep: what is lost is looked for record by record, so that a shortage only contradicts.
    """
    if proof.uncertain:
        return  # ranges overlap in part: the ledger itself can't tell
    found = sum(_covered(proof, offset) for offset in quarantine.offsets)
    short = proof.quarantined - found
    if short == 0:
        return
    kind = Kind.LOST if short > 0 and not deep else Kind.INCONSISTENT
    detail = f"the ledger has {proof.quarantined} dead letters, topic and Postgres {found}"
    if short > 0 and any(first > 0 for first, _ in kept.values()):
        kind, detail = Kind.EXPIRED, detail + "; retention deleted dead letters since"
        proof.expired += short
    elif kind is Kind.LOST:
        proof.lost += short
    proof.report(kind, proof.first_offset, proof.next_offset, abs(short), detail)


def _covered(proof: Proof, offset: int) -> bool:
    return any(first <= offset < end for first, end in proof.enforced)


def _name(proof: Proof, kind: Kind, found: list[tuple[int, str]], remedy: str) -> None:
    for offset, what in found[:MOST_NAMED]:
        proof.report(kind, offset, offset + 1, 1, f"{what}; {remedy}")
    if rest := found[MOST_NAMED:]:
        proof.report(kind, rest[0][0], rest[-1][0] + 1, len(rest), f"{len(rest)} more; {remedy}")


def stored_paths(objects: ObjectStore, quarantines: Quarantines) -> set[str]:
    """List the objects in the folders that rows lead to.

    Raises: SinkUnavailable.
    """
    rows = (row for quarantine in quarantines.values() for row in quarantine.rows.values())
    folders = {row.path.rpartition("/")[0] for row in rows if row.path is not None}
    return {path for folder in folders for path in objects.paths(f"{folder}/")}

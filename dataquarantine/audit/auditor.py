"""One audit: read the ledger, hold it against topics and stores, say what was found."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dataquarantine.audit import stored, topics
from dataquarantine.audit.deep import DeepAudit
from dataquarantine.audit.entry import LedgerEntry, SignedSkip, read_ledger
from dataquarantine.audit.findings import Finding, Kind
from dataquarantine.audit.ranges import Proof, prove
from dataquarantine.audit.stored import Quarantine
from dataquarantine.audit.topics import Bounds
from dataquarantine.clock import Clock
from dataquarantine.quarantine.topic_reader import read_all
from dataquarantine.records import Record, TopicPartition
from dataquarantine.settings import Settings
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.topics import LEDGER, OUTCOMES, replay_topic

LEDGER_TP = TopicPartition(LEDGER, 0)


@dataclass(frozen=True, slots=True)
class Window:
    """Which entries count, by the time they were written; None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def __contains__(self, at: datetime) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(slots=True)
class Verdict:
    """What an audit found; `deep` says on what it is based."""

    deep: bool
    proofs: list[Proof]
    remarks: list[str] = field(default_factory=list)
    unreadable: int = 0
    duplicates: dict[TopicPartition, int] = field(default_factory=dict)

    @property
    def findings(self) -> list[Finding]:
        found = [finding for proof in self.proofs for finding in proof.findings]
        return sorted(found, key=lambda f: (not f.is_loss, f.tp, f.first_offset))

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lost and nothing contradicts itself."""
        return not self.unreadable and not any(finding.is_loss for finding in self.findings)


@dataclass(slots=True)
class _Read:
    entries: dict[TopicPartition, list[LedgerEntry]]
    skips: dict[TopicPartition, list[SignedSkip]]
    unreadable: int = 0

    def add_notes(self, notes: Iterable[str]) -> None:
        """Take what stands beside committed offsets and is on the ledger only in a moment.

        In `exactly_once` mode an entry waits there until it is due.
        """
        for note in filter(None, notes):
            found = read_ledger(note.encode())
            if isinstance(found, LedgerEntry):
                known = self.entries[found.tp]
                if all(entry.next_offset < found.next_offset for entry in known):
                    known.append(found)


class Auditor:
    """Audits the sources of the settings; reads only."""

    def __init__(
        self, settings: Settings, database: Database, objects: ObjectStore, clock: Clock
    ) -> None:
        self._settings = settings
        self._kafka = settings.kafka
        self._database = database
        self._objects = objects
        self._clock = clock
        sources = [pipeline.source for pipeline in settings.pipelines]
        self._replays = [replay_topic(source) for source in sources]
        self._sources = [*sources, *self._replays]
        self._valid_topics = sorted({pipeline.valid for pipeline in settings.pipelines})
        self._dead_letters = sorted({pipeline.dead_letter for pipeline in settings.pipelines})
        self._bounds: Bounds = {}

    async def plan(self, *, deep: bool) -> int:
        """Count the records that an audit will read, for a progress bar.

        Raises: TopicUnreadable.
        """
        wanted = [
            LEDGER,
            OUTCOMES,
            *self._dead_letters,
            *([*self._valid_topics, *self._sources] if deep else ()),
        ]
        self._bounds = await topics.bounds(
            self._kafka,
            [LEDGER, OUTCOMES, *self._dead_letters, *self._valid_topics, *self._sources],
        )
        return sum(end - first for tp, (first, end) in self._bounds.items() if tp.topic in wanted)

    async def run(
        self, window: Window, *, deep: bool, progress: Callable[[int], None] = lambda _: None
    ) -> Verdict:
        """Audit; `plan` comes first.

        Raises: TopicUnreadable, SinkUnavailable.
        """
        # Before the ledger: an entry is written before its offsets are committed.
        places = await topics.places(self._kafka, [*self._sources, *self._dead_letters])
        committed = {tp: place.next_offset or 0 for tp, place in places.items()}
        read = await self._read_ledger(window, progress)
        read.add_notes(place.note for place in places.values())
        ends = committed if window.until is None else {}
        proofs = {
            tp: prove(entries, read.skips.get(tp, ()), ends.get(tp))
            for tp, entries in sorted(read.entries.items())
        }
        verdict = Verdict(deep, list(proofs.values()), unreadable=read.unreadable)
        for proof in proofs.values():
            await self._look_into_holes(proof)
        quarantines = await self._check_stores(proofs, committed, progress, deep=deep)
        if deep:
            await self._match(proofs, quarantines, verdict, progress)
        self._remark(verdict, read, committed)
        return verdict

    async def _read_ledger(self, window: Window, progress: Callable[[int], None]) -> _Read:
        read = _Read(defaultdict(list), defaultdict(list))
        async for chunk in topics.read_entries(self._kafka):
            for found in chunk:
                if isinstance(found, SignedSkip):
                    read.skips[found.tp].append(found)
                elif found is None:
                    read.unreadable += 1
                elif found.topic in self._sources and found.at in window:
                    read.entries[found.tp].append(found)
            progress(len(chunk))
        return read

    async def _look_into_holes(self, proof: Proof) -> None:
        """Count what lies in ranges that no entry covers; compaction may have emptied them."""
        for first, end in proof.holes:
            kept, _ = self._bounds.get(proof.tp, (0, 0))
            there = await topics.count_records(self._kafka, proof.tp, first, end)
            gone = max(0, min(end, kept) - first)
            if not there and not gone:
                continue
            proof.lost += there + gone
            proof.report(
                Kind.LOST,
                first,
                end,
                there + gone,
                "committed, but no entry of the ledger covers them"
                + (f"; retention deleted {gone} of them since" if gone else "")
                + "; if that was on purpose: `dataquarantine audit --sign-skip`",
            )

    async def _check_stores(
        self,
        proofs: dict[TopicPartition, Proof],
        committed: dict[TopicPartition, int],
        progress: Callable[[int], None],
        *,
        deep: bool,
    ) -> dict[TopicPartition, Quarantine]:
        found = await stored.read_letters(self._read, self._dead_letters, committed, progress)
        await stored.read_verdicts(self._read, found, progress)
        await asyncio.to_thread(stored.read_rows, self._database, self._sources, found)
        purged = await asyncio.to_thread(stored.read_purged, self._database)
        paths = await asyncio.to_thread(stored.stored_paths, self._objects, found)
        kept = {tp: span for tp, span in self._bounds.items() if tp.topic in self._dead_letters}
        for tp, proof in proofs.items():
            quarantine = found.get(tp, Quarantine())
            stored.check_quarantine(proof, quarantine, purged, paths)
            stored.compare_counts(proof, quarantine, kept, deep=deep)
        return found

    async def _match(
        self,
        proofs: dict[TopicPartition, Proof],
        quarantines: dict[TopicPartition, Quarantine],
        verdict: Verdict,
        progress: Callable[[int], None],
    ) -> None:
        matching = DeepAudit(proofs)
        await matching.read_outputs(self._read, self._valid_topics, self._bounds, progress)
        matching.add_quarantine(quarantines)
        named = [p.source for p in self._settings.pipelines if p.provenance]
        named += [replay_topic(source) for source in named]
        await matching.read_sources(self._read, named, progress)
        for pipeline in self._settings.pipelines:
            if not pipeline.provenance:
                verdict.remarks.append(
                    f"{pipeline.source}: `provenance: false` leaves nothing to match records by"
                )
        verdict.duplicates = {tp: matching.count_twice(tp) for tp in proofs}

    def _read(self, topic: str) -> AsyncIterator[list[Record]]:
        return read_all(self._kafka, topic)

    def _remark(self, verdict: Verdict, read: _Read, committed: dict[TopicPartition, int]) -> None:
        for tp in committed.keys() - read.entries.keys():
            if tp.topic in self._sources:
                verdict.remarks.append(f"{tp} is committed to {committed[tp]} without any entry")
        first_kept, _ = self._bounds.get(LEDGER_TP, (0, 0))
        if first_kept > 0:
            verdict.remarks.append("the ledger's oldest entries have expired")
        horizon = self._clock.now() - timedelta(days=self._settings.postgres.retention_days)
        if any(entry.at < horizon for entries in read.entries.values() for entry in entries[:1]):
            verdict.remarks.append(
                f"rows are kept {self._settings.postgres.retention_days} days; for what is older "
                "name --from"
            )


def combined(proofs: Sequence[Proof], name: str) -> int:
    """Add one figure up over all partitions."""
    return sum(getattr(proof, name) for proof in proofs)

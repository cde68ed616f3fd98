"""What the ledger alone proves about a partition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dataquarantine.audit.entry import LedgerEntry, SignedSkip
from dataquarantine.audit.findings import Finding, Kind
from dataquarantine.audit.intervals import Intervals, Span
from dataquarantine.records import TopicPartition


@dataclass(slots=True)
class Proof:
    """What became of the offsets of one partition, from `first_offset` up to `next_offset`.

    quarantined: the records that must be dead letters. enforced, observed: the ranges whose
        records must be somewhere, and those of which nothing was written.
    uncertain: offsets of ranges that overlap others in part; their counts are not known.
    """

    tp: TopicPartition
    first_offset: int
    next_offset: int
    entries: int = 0
    seen: int = 0
    valid: int = 0
    invalid: int = 0
    error: int = 0
    tombstone_forwarded: int = 0
    unjudged: int = 0
    remediated: int = 0
    redelivered: int = 0
    expired: int = 0
    skipped: int = 0
    lost: int = 0
    quarantined: int = 0
    uncertain: int = 0
    enforced: Intervals = field(default_factory=Intervals)
    observed: Intervals = field(default_factory=Intervals)
    holes: list[Span] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def report(self, kind: Kind, first: int, end: int, count: int, detail: str) -> None:
        """Add a finding about this partition."""
        self.findings.append(Finding(kind, self.tp, first, end, count, detail))


def prove(
    entries: Sequence[LedgerEntry],
    skips: Sequence[SignedSkip] = (),
    committed: int | None = None,
) -> Proof:
    """Prove what became of a partition's offsets.

    Args: entries: of one partition, in the ledger's order, at least one. committed: where the
        group stands; what lies between the ledger's end and there was never accounted for.
    """
    first = min(entry.first_offset for entry in entries)
    end = max(entry.next_offset for entry in entries)
    proof = Proof(entries[0].tp, first, max(end, committed or end))
    claimed = _count(proof, _by_weight(entries))
    _explain_holes(proof, claimed, skips)
    return proof


def _by_weight(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Put the entry that counts before those it overlaps; one that was written twice is one."""
    once = {(e.generation, e.first_offset, e.next_offset): e for e in entries}
    positions = {id(entry): position for position, entry in enumerate(entries)}
    return sorted(once.values(), key=lambda e: (e.generation, positions[id(e)]), reverse=True)


def _count(proof: Proof, entries: Sequence[LedgerEntry]) -> Intervals:
    claimed = Intervals()
    for entry in entries:
        span = entry.next_offset - entry.first_offset
        if span <= 0 or not entry.adds_up:
            proof.report(
                Kind.INCONSISTENT,
                entry.first_offset,
                entry.next_offset,
                max(span, 0),
                f"the entry of {entry.worker} at {entry.at:%Y-%m-%d %H:%M:%S} does not add up: "
                f"{entry.seen} seen in {span} offsets, but {entry.valid} valid, {entry.invalid} "
                f"invalid, {entry.error} error, {entry.tombstone_forwarded} tombstones, "
                f"{entry.unjudged} unjudged",
            )
        fresh = claimed.claim(entry.first_offset, max(entry.next_offset, entry.first_offset))
        new = sum(end - first for first, end in fresh)
        for first, end in fresh:
            (proof.observed if entry.mode == "observe" else proof.enforced).claim(first, end)
        if new == span:
            _add(proof, entry)
            continue
        again = entry.seen if new == 0 else span - new
        proof.redelivered += again
        proof.uncertain += new
        proof.report(
            Kind.REDELIVERED,
            entry.first_offset,
            entry.next_offset,
            again,
            f"generation {entry.generation} had them first; a later one read them again",
        )
    return claimed


def _add(proof: Proof, entry: LedgerEntry) -> None:
    proof.entries += 1
    for name in ("seen", "valid", "invalid", "error", "tombstone_forwarded", "unjudged"):
        setattr(proof, name, getattr(proof, name) + getattr(entry, name))
    proof.remediated += entry.remediated
    proof.quarantined += entry.quarantined
    proof.expired += entry.expired
    if entry.expired:
        proof.report(
            Kind.EXPIRED,
            entry.first_offset,
            entry.next_offset,
            entry.expired,
            "retention deleted these offsets before they were read",
        )


def _explain_holes(proof: Proof, claimed: Intervals, skips: Sequence[SignedSkip]) -> None:
    """Find what no entry covers; what an operator signed for is skipped, the rest is lost."""
    for first, end in claimed.missing(proof.first_offset, proof.next_offset):
        signed = Intervals()
        for skip in skips:
            low, high = max(first, skip.first_offset), min(end, skip.next_offset)
            for part in signed.claim(low, high) if low < high else ():
                proof.skipped += part[1] - part[0]
                detail = f"signed by {skip.who}: {skip.why}"
                proof.report(Kind.SKIPPED, *part, part[1] - part[0], detail)
        proof.holes.extend(signed.missing(first, end))

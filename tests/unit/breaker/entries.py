"""Ledger entries for the tests of the breaker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dataquarantine.audit.entry import LedgerEntry

START = datetime(2026, 1, 2, tzinfo=UTC)


def entry(
    at_s: float, seen: int, bad: int, *, next_offset: int | None = None, partition: int = 0
) -> LedgerEntry:
    """An entry written `at_s` seconds after the start; by default later ones have later offsets."""
    end = int(at_s * 1000) + 1_000_000 if next_offset is None else next_offset
    return LedgerEntry(
        topic="raw-events", partition=partition, generation=1, first_offset=end - seen,
        next_offset=end, seen=seen, valid=seen - bad, invalid=bad, error=0,
        tombstone_forwarded=0, remediated=0, unjudged=0, expired=0, schemas={}, codes={},
        mode="enforce", worker="host/0", gateway_version="1",
        at=START + timedelta(seconds=at_s),
    )  # fmt: skip

"""What the ledger alone proves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dataquarantine.audit.entry import LedgerEntry, SignedSkip
from dataquarantine.audit.findings import Kind
from dataquarantine.audit.ranges import Proof, prove

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def entry(
    first: int, end: int, *, generation: int = 1, invalid: int = 0, **more: int
) -> LedgerEntry:
    counts = {"seen": end - first, "valid": end - first - invalid} | more
    return LedgerEntry(
        topic="raw-events", partition=0, generation=generation, first_offset=first,
        next_offset=end, invalid=invalid, error=0, tombstone_forwarded=0, remediated=0, unjudged=0,
        schemas={}, codes={}, mode="enforce", worker="host/0", gateway_version="1", at=NOW,
        **({"expired": 0} | counts),
    )  # fmt: skip


def kinds(proof: Proof) -> list[Kind]:
    return [finding.kind for finding in proof.findings]


def test_contiguous_ranges_are_clean() -> None:
    proof = prove([entry(0, 10, invalid=2), entry(10, 30), entry(30, 31)])

    assert (proof.seen, proof.valid, proof.invalid, proof.quarantined) == (31, 29, 2, 2)
    assert (proof.first_offset, proof.next_offset, proof.findings, proof.holes) == (0, 31, [], [])


@pytest.mark.parametrize(
    ("ranges", "seen", "redelivered", "uncertain"),
    [
        pytest.param([(0, 10, 1), (10, 20, 1), (10, 25, 2)], 25, 10, 0, id="read again"),
        pytest.param([(0, 10, 2), (0, 10, 1)], 10, 10, 0, id="a zombie writes late"),
        pytest.param([(0, 10, 1), (0, 10, 1)], 10, 0, 0, id="written twice is one entry"),
        pytest.param([(0, 10, 1), (5, 20, 2)], 15, 5, 5, id="overlaps in part"),
    ],
)
def test_of_overlapping_ranges_the_highest_generation_counts(
    ranges: list[tuple[int, int, int]], seen: int, redelivered: int, uncertain: int
) -> None:
    proof = prove([entry(first, end, generation=g) for first, end, g in ranges])

    assert (proof.seen, proof.redelivered, proof.uncertain) == (seen, redelivered, uncertain)
    assert proof.holes == []


def test_what_no_entry_covers_is_a_hole() -> None:
    proof = prove([entry(0, 10), entry(15, 20)], committed=23)

    assert proof.holes == [(10, 15), (20, 23)]


def test_a_signed_skip_explains_its_part_of_a_hole() -> None:
    skip = SignedSkip(
        topic="raw-events", partition=0, first_offset=8, next_offset=13, who="ann", why="junk",
        at=NOW,
    )  # fmt: skip

    proof = prove([entry(0, 10), entry(15, 20)], [skip])

    assert (proof.skipped, proof.holes) == (3, [(13, 15)])
    assert kinds(proof) == [Kind.SKIPPED]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(entry(0, 10, seen=11), id="more seen than told apart"),
        pytest.param(entry(0, 10, seen=12, valid=12), id="more records than offsets"),
        pytest.param(entry(0, 10, valid=11, invalid=-1), id="negative"),
        pytest.param(entry(0, 10, expired=1), id="seen and expired"),
        pytest.param(entry(10, 10), id="an empty range is no entry"),
    ],
)
def test_an_entry_that_contradicts_itself_is_named(wrong: LedgerEntry) -> None:
    proof = prove([wrong])

    assert kinds(proof)[0] is Kind.INCONSISTENT


def test_gaps_inside_a_range_are_no_loss() -> None:
    proof = prove([entry(0, 100, seen=40, valid=40)])

    assert (proof.findings, proof.holes, proof.lost) == ([], [], 0)


def test_what_retention_deleted_unread_is_expired_not_lost() -> None:
    proof = prove([entry(0, 100, seen=40, valid=40, expired=60)])

    assert (kinds(proof), proof.expired, proof.lost) == ([Kind.EXPIRED], 60, 0)

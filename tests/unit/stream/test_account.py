"""What an account of a partition says about its ranges."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from dataquarantine.audit.entry import LedgerEntry
from dataquarantine.outcomes import Code
from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.stream.account import LedgerAccount
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Allowance
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.testing import ManualClock
from dataquarantine.validation.tally import SchemaTally, Tally

TP = TopicPartition("raw-events", 0)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def account() -> LedgerAccount:
    return LedgerAccount(TP, 3, "enforce")


@pytest.fixture
def owner(account: LedgerAccount) -> PartitionOwner:
    return PartitionOwner(TP, 3, Allowance(1 << 20, 100), account)


def admit(owner: PartitionOwner, *offsets: int, invalid: int = 0) -> Chunk:
    chunk = owner.admit([SourceRecord(b"{}", offset=offset) for offset in offsets])
    assert chunk is not None
    valid = len(offsets) - invalid
    schema = SchemaTally("a", "1.0.0", len(offsets), valid, codes=Counter({Code.NOT_JSON: invalid}))
    chunk.tally = Tally(len(offsets), valid, invalid, schemas={"a@1.0.0": schema})
    return chunk


def cut(account: LedgerAccount, now: float = 10.0, expired: int = 0) -> LedgerEntry:
    return account.cut(now, ManualClock(NOW), "host/0", expired=expired)


def test_an_entry_counts_the_finished_run_and_the_next_goes_on_there(
    owner: PartitionOwner, account: LedgerAccount
) -> None:
    chunks = [admit(owner, 0, 1, invalid=1), admit(owner, 2, 3), admit(owner, 4, 5)]
    owner.finish(chunks[2])
    owner.finish(chunks[0])
    account.open_at(None)
    first = cut(account)
    account.pending = None
    owner.finish(chunks[1])
    second = cut(account)

    assert (first.first_offset, first.next_offset, first.seen, first.invalid) == (0, 2, 2, 1)
    assert (second.first_offset, second.next_offset, second.seen, second.valid) == (2, 6, 4, 4)
    assert first.codes == {"NOT_JSON": 1}
    assert first.adds_up and second.adds_up


def test_nothing_may_be_committed_before_the_ledger_covers_it(
    owner: PartitionOwner, account: LedgerAccount
) -> None:
    owner.finish(admit(owner, 0, 1))

    assert owner.committable == 2
    assert owner.covered is None


@pytest.mark.parametrize(
    ("committed", "first_offset", "gaps"),
    [
        pytest.param(None, 7, [], id="nobody was here before: at the first record"),
        pytest.param(7, 7, [], id="where the owner before ended"),
        pytest.param(4, 4, [(4, 7)], id="a gap to the first record"),
    ],
)
def test_an_account_opens_where_the_one_before_ended(
    owner: PartitionOwner,
    account: LedgerAccount,
    committed: int | None,
    first_offset: int,
    gaps: list[tuple[int, int]],
) -> None:
    owner.finish(admit(owner, 7, 8))

    account.open_at(committed)

    assert account.first_offset == first_offset
    assert account.gaps == gaps


def test_gaps_between_and_within_chunks_do_not_break_the_sum(
    owner: PartitionOwner, account: LedgerAccount
) -> None:
    owner.finish(admit(owner, 0, 5))
    owner.finish(admit(owner, 9))
    account.open_at(0)

    assert account.gaps == [(6, 9)]
    entry = cut(account)
    assert (entry.seen, entry.next_offset, entry.adds_up) == (3, 10, True)


@pytest.mark.parametrize(
    ("now", "at_once", "due"),
    [
        pytest.param(10.5, False, False, id="half a second after the last"),
        pytest.param(10.95, False, True, id="a second after the last"),
        pytest.param(10.5, True, True, id="the partition is given up"),
    ],
)
def test_an_entry_is_due_once_a_second_or_at_the_end(
    owner: PartitionOwner, account: LedgerAccount, now: float, at_once: bool, due: bool
) -> None:
    owner.finish(admit(owner, 0))
    account.open_at(None)
    cut(account, now=10.0)
    account.pending = None
    assert not account.is_due(99.0, at_once=True), "nothing finished since"
    owner.finish(admit(owner, 1))

    assert account.is_due(now, at_once=at_once) is due


def test_a_record_that_its_topic_refused_is_an_error_in_the_entry(
    owner: PartitionOwner, account: LedgerAccount
) -> None:
    chunk = admit(owner, 0, 1)
    assert chunk.tally is not None
    chunk.tally.refuse(tombstone=False)
    owner.finish(chunk)
    account.open_at(None)

    entry = cut(account)

    assert (entry.valid, entry.error, entry.adds_up) == (1, 1, True)


def test_the_next_owner_takes_over_what_is_on_no_entry_yet(
    owner: PartitionOwner, account: LedgerAccount
) -> None:
    owner.finish(admit(owner, 4, 5, invalid=1))
    account.open_at(3)
    account.close_gaps(expired=1)
    note = account.note(ManualClock(NOW), "host/0").decode()

    heir = LedgerAccount(TP, 4, "enforce")
    taken = PartitionOwner(TP, 4, Allowance(1 << 20, 100), heir)
    taken.finish(admit(taken, 6, 7))
    heir.open_at(6, note)
    entry = cut(heir)

    assert (entry.first_offset, entry.next_offset) == (3, 8)
    assert (entry.seen, entry.invalid, entry.expired) == (4, 1, 1)
    assert entry.schemas["a@1.0.0"].seen == 4
    assert entry.adds_up


def test_a_note_from_elsewhere_than_the_offset_is_not_taken_over(
    owner: PartitionOwner, account: LedgerAccount
) -> None:
    owner.finish(admit(owner, 4, 5))
    account.open_at(4)
    note = account.note(ManualClock(NOW), "host/0").decode()

    heir = LedgerAccount(TP, 4, "enforce")
    taken = PartitionOwner(TP, 4, Allowance(1 << 20, 100), heir)
    taken.finish(admit(taken, 9))
    heir.open_at(9, note)

    assert (cut(heir).first_offset, heir.first_offset) == (9, 10)


def test_a_copy_counts_on_its_own(owner: PartitionOwner, account: LedgerAccount) -> None:
    owner.finish(admit(owner, 0))
    account.open_at(None)

    trial = account.copy()
    trial.add(admit(owner, 1, 2))

    assert cut(trial).seen == 3
    assert cut(account).seen == 1


def test_a_chunk_that_begins_before_the_end_is_never_counted(
    owner: PartitionOwner, account: LedgerAccount
) -> None:
    account.add(admit(owner, 5, 6, 7))
    owner.next_offset = 6  # as if a fetch had been admitted before it was known where to begin

    with pytest.raises(RuntimeError, match="begins before 8"):
        account.add(admit(owner, 6, 7, 8))

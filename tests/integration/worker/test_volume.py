"""Many records: each comes out exactly once, each bad one is stored once."""

from __future__ import annotations

import pytest

from tests.integration.worker.load import load_numbered, sequence_numbers
from tests.integration.worker.stack import PARTITIONS, Stack, until

RECORDS = 100_000
INVALID = RECORDS // 50


@pytest.mark.timeout(300)
def test_100_000_records_are_forwarded_or_stored_each_once(kafka_stack: Stack) -> None:
    stack = kafka_stack
    stack.create_topics()
    stack.start_worker()

    load_numbered(stack, RECORDS)

    until(lambda: sum(stack.committed(stack.source).values()) == RECORDS, 120, "all committed")
    assert sequence_numbers(stack) == dict.fromkeys(range(RECORDS), 1)
    assert set(stack.committed(stack.source).values()) == {RECORDS // PARTITIONS}
    rows = stack.wait_for_rows(INVALID, timeout_s=120)
    assert len(rows) == INVALID
    assert len({(row["partition"], row["offset"]) for row in rows}) == INVALID
    until(lambda: stack.count_rows("stored") == INVALID, 60, "all stored")
    assert sorted(row["storage_path"] for row in rows) == stack.objects()

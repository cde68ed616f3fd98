"""What real workers write to the ledger, and when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from dataquarantine.audit.entry import LedgerEntry, read_ledger
from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.topics import LEDGER
from tests.integration.worker.load import Load
from tests.integration.worker.stack import Stack, until

LANES: dict[str, dict[str, object]] = {
    "test_every_record_is_accounted_for_before_it_is_committed": {},
    "test_unjudged_records_are_counted_apart": {"mode": "passthrough"},
}

VALID = (
    b'{"_schema":"user_event","user_id":"USER123456","event_type":"purchase",'
    b'"timestamp":"2025-12-27T16:00:00Z"}'
)
BAD = b'{"_schema":"user_event","event_type":"purchase","timestamp":"2025-12-27T16:00:00Z"}'


def entries(stack: Stack) -> list[LedgerEntry]:
    """Read the ledger's entries about the source of a stack, in their order."""
    consumer = Consumer(
        {"bootstrap.servers": stack.bootstrap_servers, "group.id": f"{stack.name}-ledger"}
    )
    consumer.assign([TopicPartition(LEDGER, 0, 0)])
    found: list[LedgerEntry] = []
    while (message := consumer.poll(2)) is not None:
        entry = read_ledger(message.value())
        if isinstance(entry, LedgerEntry) and entry.topic == stack.source:
            found.append(entry)
    consumer.close()
    return found


def test_every_record_is_accounted_for_before_it_is_committed(lane: Stack) -> None:
    lane.produce([VALID, BAD, None, b"nope", VALID, b'{"_schema":"nobody"}'])
    until(lambda: lane.committed(lane.source) == {0: 6}, 30, "source committed")

    [entry] = entries(lane)

    assert (entry.first_offset, entry.next_offset, entry.seen) == (0, 6, 6)
    assert (entry.valid, entry.invalid, entry.error, entry.tombstone_forwarded) == (2, 2, 1, 1)
    assert entry.adds_up
    assert entry.schemas["user_event@1.0.0"].seen == 3
    assert entry.codes == {"MISSING_FIELD": 1, "NOT_JSON": 1, "SCHEMA_UNKNOWN": 1}


def test_unjudged_records_are_counted_apart(lane: Stack) -> None:
    lane.produce([VALID, BAD])
    until(lambda: lane.committed(lane.source) == {0: 2}, 30, "source committed")

    [entry] = entries(lane)

    assert (entry.seen, entry.valid, entry.unjudged, entry.mode) == (2, 0, 2, "passthrough")


def test_ranges_are_contiguous_over_a_stop_a_join_and_a_kill(kafka_stack: Stack) -> None:
    stack = kafka_stack
    stack.create_topics()
    first = stack.start_worker()
    began = time.monotonic()
    with Load(stack, 2000) as load:
        until(lambda: sum(stack.committed(stack.source).values()) > 3000, 60, "records committed")
        second = stack.start_worker()
        first.stop()
        until(lambda: sum(stack.committed(stack.source).values()) > 20_000, 60, "taken over")
        second.kill()
        stack.start_worker()
    elapsed_s = time.monotonic() - began
    until(lambda: sum(stack.committed(stack.source).values()) == load.sent, 60, "all committed")

    found = entries(stack)

    committed = stack.committed(stack.source)
    for partition, end in committed.items():
        ranges = [e for e in found if e.partition == partition]
        assert all(e.adds_up for e in ranges)
        kept = [e for n, e in enumerate(ranges) if not superseded(e, ranges[n + 1 :])]
        assert kept[0].first_offset == 0
        assert kept[-1].next_offset == end
        assert [e.first_offset for e in kept[1:]] == [e.next_offset for e in kept[:-1]]
        assert len(ranges) <= elapsed_s * 1.2 + 5


def superseded(entry: LedgerEntry, later: list[LedgerEntry]) -> bool:
    return any(
        other.generation > entry.generation and other.first_offset <= entry.first_offset
        for other in later
    )


def test_a_worker_without_a_ledger_says_so_and_ends(
    tmp_path: Path, database_url: str, objects_server: EmbeddedObjects
) -> None:
    s3 = {"endpoint_url": objects_server.endpoint_url, "bucket": "unused"}
    with running_broker(tmp_path / "broker") as broker:
        stack = Stack(tmp_path, broker.bootstrap_servers, False, database_url, s3, "bare")
        admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
        wanted = [NewTopic(t, 1, 1) for t in (stack.source, stack.valid, stack.dead_letter)]
        for created in admin.create_topics(wanted).values():
            created.result(timeout=30)

        worker = stack.start_worker(wait=False)

        assert worker.process.wait(60) != 0
    log = worker.log.read_text()
    assert "nothing can be committed without topics that do not exist" in log
    assert "dataquarantine-ledger" in log
    assert "run `dataquarantine topics create`" in log


@contextmanager
def running_broker(home: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(home)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()

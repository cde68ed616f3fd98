"""`dataquarantine audit` over what real workers did, before and after somebody damages it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg2
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from dataquarantine.topics import LEDGER
from tests.integration.worker.stack import Stack, until
from tests.integration.worker.test_ledger import BAD, VALID, entries


def audit(stack: Stack, *words: str) -> tuple[int, Any]:
    """Run the command; returns its exit code and its document."""
    config = str(stack.home / "worker-0.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "dataquarantine", "--config", config, "audit", *words, "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def findings(document: Any) -> list[tuple[str, int, int]]:
    return [(f["kind"], f["first_offset"], f["next_offset"]) for f in document["findings"]]


@pytest.fixture
def audited(kafka_stack: Stack) -> Iterator[Stack]:
    """A gateway that has judged 100 records of partition 0, offsets 10, 20 ... 90 bad."""
    stack = kafka_stack
    stack.create_topics()
    stack.start_worker()
    stack.produce([BAD if n and n % 10 == 0 else VALID for n in range(100)])
    until(lambda: stack.committed(stack.source) == {0: 100}, 60, "source committed")
    stack.wait_for_rows(9)
    until(lambda: sum(stack.committed(stack.dead_letter).values()) == 9, 60, "stored")
    yield stack


def test_what_was_not_damaged_is_clean(audited: Stack) -> None:
    for deep, basis in ((), "self-reported"), (("--deep",), "record by record"):
        code, document = audit(audited, *deep)

        assert (code, document["clean"], document["findings"]) == (0, True, [])
        assert document["basis"] == basis
        [partition] = document["partitions"]
        assert (partition["seen"], partition["valid"], partition["invalid"]) == (100, 91, 9)


def test_a_deleted_row_and_a_deleted_object_are_named(audited: Stack) -> None:
    rows = audited.rows()
    connection = psycopg2.connect(audited.database_url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM quarantine_records WHERE id = %s", [str(rows[1]["id"])])
    connection.close()
    audited.bucket().Object(rows[4]["storage_path"]).delete()

    code, document = audit(audited)

    assert code == 1
    assert findings(document) == [("row_missing", 20, 21), ("payload_missing", 50, 51)]
    assert str(rows[1]["id"]) in document["findings"][0]["detail"]
    assert rows[4]["storage_path"] in document["findings"][1]["detail"]


def test_tampered_entries_are_named(audited: Stack) -> None:
    true = entries(audited)[0]
    write(audited, msgspec.structs.replace(true, seen=true.seen + 1, generation=900))
    write(
        audited,
        msgspec.structs.replace(
            true, valid=true.valid + 1, invalid=true.invalid - 1, generation=901
        ),
    )

    code, document = audit(audited)

    assert code == 1
    losses = [f["detail"] for f in document["findings"] if f["kind"] == "inconsistent"]
    assert any("does not add up" in detail for detail in losses)
    assert any("8 dead letters, topic and Postgres 9" in detail for detail in losses)


def test_a_skipped_range_is_lost_until_somebody_signs_for_it(audited: Stack) -> None:
    assert audited.workers[0].stop() == 0
    audited.produce([VALID] * 50)
    commit(audited, 130)
    tail_code, tail = audit(audited)
    audited.start_worker()
    until(lambda: audited.committed(audited.source) == {0: 150}, 60, "the rest is committed")

    code, document = audit(audited, "--deep")
    signed = f"{audited.source}/0/100-130"
    audit(audited, "--sign-skip", signed, "--who", "ann", "--why", "test data of Monday")
    signed_code, explained = audit(audited, "--deep")

    assert (tail_code, findings(tail)) == (1, [("lost", 100, 130)])
    assert (code, findings(document)) == (1, [("lost", 100, 130)])
    assert document["totals"]["lost"] == 30
    assert (signed_code, findings(explained)) == (0, [("skipped", 100, 130)])
    assert explained["findings"][0]["detail"] == "signed by ann: test data of Monday"


def test_transaction_markers_and_aborted_records_are_no_loss(audited: Stack) -> None:
    producer = Producer(
        {"bootstrap.servers": audited.bootstrap_servers, "transactional.id": audited.name}
    )
    producer.init_transactions(30)
    for number in range(4):
        producer.begin_transaction()
        for _ in range(5):
            producer.produce(audited.source, VALID, partition=0)
        producer.flush(30)  # an abort would drop what is still queued
        producer.commit_transaction(30) if number % 2 else producer.abort_transaction(30)
    until(lambda: audited.committed(audited.source)[0] >= 122, 60, "source committed")

    code, document = audit(audited, "--deep")

    assert (code, findings(document)) == (0, [])


def test_a_forwarded_record_that_is_missing_is_found_record_by_record(audited: Stack) -> None:
    """The ledger says 100 were seen, the valid topic was made anew: only --deep can tell."""
    true = entries(audited)[-1]
    audited.workers[0].stop()
    audited.produce([VALID] * 3)
    commit(audited, 103)
    forged = msgspec.structs.replace(
        true, first_offset=100, next_offset=103, seen=3, valid=3, invalid=0, error=0,
        tombstone_forwarded=0, remediated=0, expired=0,
    )  # fmt: skip
    write(audited, forged)

    shallow, _ = audit(audited)
    code, document = audit(audited, "--deep")

    assert shallow == 0
    assert (code, findings(document)) == (1, [("lost", n, n + 1) for n in (100, 101, 102)])


def write(stack: Stack, entry: Any) -> None:
    producer = Producer({"bootstrap.servers": stack.bootstrap_servers})
    producer.produce(LEDGER, msgspec.json.encode(entry), partition=0)
    assert producer.flush(30) == 0


def commit(stack: Stack, offset: int) -> None:
    """Move the group, as an operator may once the broker knows that no worker runs."""
    wanted = [TopicPartition(stack.source, 0, offset)]

    def moved() -> bool:
        consumer = Consumer({"bootstrap.servers": stack.bootstrap_servers, "group.id": stack.group})
        try:
            consumer.commit(offsets=wanted, asynchronous=False)
        except KafkaException:
            return False  # a member is still known
        finally:
            consumer.close()
        return True

    until(moved, 30, "the group is moved")

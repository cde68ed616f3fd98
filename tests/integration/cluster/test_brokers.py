"""Brokers of three fail under load; CLUSTER_RATE makes it faster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka.admin import AdminClient, PartitionMetadata

from dataquarantine.dev.kafka import KafkaCluster
from tests.integration.worker.load import Load, missing_and_twice
from tests.integration.worker.stack import Stack, until

RATE = int(os.environ.get("CLUSTER_RATE", "1000"))

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]


@pytest.mark.parametrize("production", ["at_least_once", "exactly_once"], indirect=True)
def test_the_leader_of_every_partition_is_killed_once(
    production: Stack, kafka_trio: KafkaCluster
) -> None:
    stack = production
    led: set[int] = set()
    with Load(stack, RATE) as load:
        until_moved(stack)
        for node in range(3):
            led |= {p for p, leader in leaders(stack).items() if leader == node}
            with killed(kafka_trio, node):
                until_moved(stack)
            until(lambda: in_sync(stack) == 3, 120, "three replicas in sync")

    assert led == set(range(stack.partitions))
    settle(stack, load)


@pytest.mark.parametrize("production", ["at_least_once"], indirect=True)
def test_below_the_replicas_that_must_be_in_sync_nothing_is_committed(
    production: Stack, kafka_trio: KafkaCluster
) -> None:
    stack = production
    with Load(stack, RATE) as load:
        until_moved(stack)
        for topic in (stack.valid, stack.dead_letter):
            stack.alter_topic(topic, "min.insync.replicas", "3")
        with killed(kafka_trio, 2):
            until(lambda: in_sync(stack) == 2, 60, "one replica is missed")
            stood = standing(stack)
            later = load.sent + 5 * RATE
            until(lambda: load.sent > later, 60, "five more seconds of records")
            assert stack.committed(stack.source) == stood
        until_moved(stack)

    settle(stack, load)


@contextmanager
def killed(cluster: KafkaCluster, node: int) -> Iterator[None]:
    cluster.kill_broker(node)
    try:
        yield
    finally:
        cluster.start_broker(node)


def settle(stack: Stack, load: Load) -> None:
    """Make sure that every record came out, in exactly_once mode once."""
    until(lambda: sum(stack.committed(stack.source).values()) == load.sent, 120, "all committed")
    missing, duplicates = missing_and_twice(stack, load.sent)
    print(f"{stack.delivery}: {load.sent} records, {duplicates} written twice")
    assert missing == []
    assert stack.delivery == "at_least_once" or not duplicates
    assert stack.workers[0].process.poll() is None


def until_moved(stack: Stack) -> None:
    """Wait until every partition is committed further than it is now."""
    before = stack.committed(stack.source)

    def moved() -> bool:
        now = stack.committed(stack.source)
        return len(now) == stack.partitions and all(now[p] > before.get(p, 0) for p in now)

    until(moved, 120, "every partition moves")


def standing(stack: Stack) -> dict[int, int]:
    """Return the committed offsets once two looks, two seconds apart, find the same."""
    seen: list[dict[int, int]] = []

    def same() -> bool:
        seen.append(stack.committed(stack.source))
        return len(seen) > 20 and seen[-1] == seen[-20]

    until(same, 60, "what was in flight is settled")
    return seen[-1]


def leaders(stack: Stack) -> dict[int, int]:
    topic = describe(stack)
    return {number: partition.leader for number, partition in topic.items()}


def in_sync(stack: Stack) -> int:
    """The fewest replicas in sync of any partition."""
    return min(len(partition.isrs) for partition in describe(stack).values())


def describe(stack: Stack) -> dict[int, PartitionMetadata]:
    admin = AdminClient({"bootstrap.servers": stack.bootstrap_servers})
    return dict(admin.list_topics(stack.valid, timeout=20).topics[stack.valid].partitions)

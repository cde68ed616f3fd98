"""Workers join and die under load; REBALANCE_ROUNDS, _RATE and _PARTITIONS make it larger."""

from __future__ import annotations

import os
from functools import partial

import pytest
from confluent_kafka.admin import AdminClient

from tests.integration.worker.load import Load, Stalls, missing_and_twice
from tests.integration.worker.stack import Stack, Worker, until

ROUNDS = int(os.environ.get("REBALANCE_ROUNDS", "2"))
RATE = int(os.environ.get("REBALANCE_RATE", "2000"))
PARTITIONS = int(os.environ.get("REBALANCE_PARTITIONS", "4"))
SESSION_S = 6


@pytest.mark.kafka
@pytest.mark.alone
@pytest.mark.timeout(120 + ROUNDS * 60)
@pytest.mark.parametrize("delivery", ["at_least_once", "exactly_once"])
def test_joins_and_kills_lose_nothing_and_never_stop_a_partition(
    kafka_stack: Stack, delivery: str
) -> None:
    stack = kafka_stack
    stack.delivery, stack.partitions = delivery, PARTITIONS
    stack.create_topics()
    stack.start_worker()
    with Load(stack, RATE) as load:
        until(lambda: len(stack.committed(stack.source)) == PARTITIONS, 60, "a first commit")
        stalls = Stalls(stack)
        members: list[int] = []
        for _ in range(ROUNDS):
            joined = stack.start_worker(wait=False)
            stalls.watch(40, partial(Worker.is_ready, joined))
            assert joined.is_ready(), "a joined worker holds partitions"
            stalls.watch_moves(4)
            members.append(member_count(stack))
            joined.kill()
            stalls.watch_moves(SESSION_S + 6)
        stalls.close()

    def drained() -> bool:
        return sum(stack.committed(stack.source).values()) == load.sent

    until(drained, 120, "everything is committed")
    missing, duplicates = missing_and_twice(stack, load.sent)
    print(
        f"{delivery}, rounds {ROUNDS}, rate {RATE}/s: {load.sent} records, worst commit stall "
        f"{stalls.worst_s:.1f} s (until {stalls.worst_ended}), duplicates {duplicates}"
    )
    assert members == [2] * ROUNDS
    assert missing == []
    assert stalls.worst_s <= SESSION_S + 5
    assert delivery == "at_least_once" or not duplicates


def member_count(stack: Stack) -> int:
    """Count the group's members that hold partitions of the source."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap_servers})
    group = admin.describe_consumer_groups([stack.group])[stack.group].result(timeout=20)
    holders = [m for m in group.members if m.assignment]
    return sum(
        any(tp.topic == stack.source for tp in m.assignment.topic_partitions) for m in holders
    )

"""One of three workers is killed; TAKEOVER_PROFILE=production takes that profile's session."""

from __future__ import annotations

import os
import time

import pytest

from tests.integration.worker.load import Load, missing_and_twice
from tests.integration.worker.stack import Stack, Worker, until

#: Session, heartbeat, and how long the takeover may last.
PROFILES = {"short": (6.0, 1.0, 6 + 5), "production": (20.0, 3.0, 30.0)}
PROFILE = os.environ.get("TAKEOVER_PROFILE", "short")


@pytest.mark.alone
@pytest.mark.kafka
@pytest.mark.timeout(240)
def test_two_workers_take_over_from_a_killed_third(kafka_stack: Stack) -> None:
    stack = kafka_stack
    session_s, heartbeat_s, limit_s = PROFILES[PROFILE]
    stack.kafka = {"session_timeout_s": session_s, "heartbeat_interval_s": heartbeat_s}
    stack.create_topics()
    workers = [start(stack, number) for number in range(3)]
    with Load(stack, 1000) as load:
        for worker in workers:
            until(worker.is_ready, 90, "three workers hold partitions")
        until(lambda: moved(stack, {}), 60, "every partition moves")

        workers[0].kill()
        killed_at, stood = time.monotonic(), stack.committed(stack.source)
        until(lambda: moved(stack, stood), 90, "every partition moves again")
        took_s = time.monotonic() - killed_at

    until(lambda: sum(stack.committed(stack.source).values()) == load.sent, 60, "all committed")
    missing, duplicates = missing_and_twice(stack, load.sent)
    print(f"{PROFILE}: taken over in {took_s:.1f} s, {duplicates} of {load.sent} written twice")
    assert missing == []
    assert took_s <= limit_s


def start(stack: Stack, number: int) -> Worker:
    """Start a static member of the group, as the production profile has them."""
    member = {**stack.config()["kafka"], "group_instance_id": f"worker-{number}"}
    return stack.start_worker(wait=False, kafka=member)


def moved(stack: Stack, stood: dict[int, int]) -> bool:
    now = stack.committed(stack.source)
    return len(now) == stack.partitions and all(now[p] > stood.get(p, 0) for p in now)

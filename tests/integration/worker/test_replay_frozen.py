"""A process that stands still for longer than its lease, and wakes up when another has its job."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.processes import children, is_alive
from tests.integration.worker.stack import Stack, until
from tests.integration.worker.test_replay import SCHEMA, http, renamed, start
from tests.integration.worker.test_replay_control import RENAME

COUNT = 1000


@pytest.mark.timeout(300)
def test_what_a_frozen_process_left_is_counted_and_forwarded_once(kafka_stack: Stack) -> None:
    stack = kafka_stack
    (stack.home / "schemas" / "signup").mkdir(parents=True)
    (stack.home / "schemas" / "signup" / "1.0.0.yaml").write_text(SCHEMA)
    stack.create_topics()
    start(stack)
    stack.produce([renamed(number) for number in range(COUNT)])
    stack.wait_for_rows(COUNT)
    selection = {"filters": {"topic": stack.source}}
    wanted = {"selection": selection, "repair": RENAME, "rate_per_s": 200, "why": "renamed"}
    _, job = http(stack, "POST", "/replays", {**wanted, "dry_run": False})

    def reprocessed() -> int:
        return int(http(stack, "GET", f"/replays/{job['id']}")[1]["counts"]["reprocessed"])

    until(lambda: reprocessed() > 100, 60, "a part is through")
    with frozen(runner(stack)) as late:
        assert reprocessed() < COUNT
        until(lambda: reprocessed() == COUNT, 120, "another process does the rest")

    until(lambda: not is_alive(late), 60, "the late one gives up")
    assert {(row["status"], row["attempt"]) for row in stack.rows()} == {("reprocessed", 2)}
    assert len({message.key() for message in stack.read(stack.valid, COUNT)}) == COUNT


@contextmanager
def frozen(pid: int) -> Iterator[int]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


def runner(stack: Stack) -> int:
    """Find the process that a worker started for the replay."""
    [found] = children(stack.workers[0].process.pid, "dataquarantine.replay.process")
    return found

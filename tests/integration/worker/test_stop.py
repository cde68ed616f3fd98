"""A worker that is told to stop finishes what is in flight."""

from __future__ import annotations

from tests.integration.worker.load import Load, sequence_numbers
from tests.integration.worker.stack import Stack, until


def test_a_stopped_worker_leaves_no_duplicates_behind(kafka_stack: Stack) -> None:
    stack = kafka_stack
    stack.create_topics()
    first = stack.start_worker()
    with Load(stack, 2000) as load:
        until(lambda: sum(stack.committed(stack.source).values()) > 2000, 60, "records committed")
        code = first.stop()
        stack.start_worker()
    until(lambda: sum(stack.committed(stack.source).values()) == load.sent, 60, "all committed")

    seen = sequence_numbers(stack)
    assert code == 0
    log = first.log.read_text()
    assert "did not stop" not in log
    assert "Unclosed" not in log
    assert sorted(seen) == list(range(load.sent))
    assert set(seen.values()) == {1}

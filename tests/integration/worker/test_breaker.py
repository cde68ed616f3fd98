"""A flood of bad records closes its source on every worker, until somebody resets it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from typing import Any

from tests.integration.worker.stack import Stack, Worker, until
from tests.integration.worker.test_ledger import BAD, VALID

SETTINGS = {"window_s": 2, "bucket_s": 0.5, "min_records": 50, "trial_records": 20}


def row(worker: Worker, table: str, key: str) -> Any:
    """Look a key up in a worker's table; None when it is not there."""
    url = f"http://127.0.0.1:{worker.port}/api/v1/tables/{table}/{key}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.loads(answer.read())["value"]
    except urllib.error.HTTPError as exc:
        assert exc.code == 404
        return None


def state(worker: Worker, stack: Stack) -> str:
    found = row(worker, "breakers", stack.source)
    return str(found["state"]) if found else "closed"


def is_closed(worker: Worker, stack: Stack) -> bool:
    return state(worker, stack) == "closed"


def is_not_open(worker: Worker, stack: Stack) -> bool:
    return state(worker, stack) != "open"


def writes(worker: Worker) -> bool:
    """Whether a worker is the one that writes the tables."""
    return "dataquarantine_breaker_writer 1.0" in worker.metrics()


def breaker(stack: Stack, *words: str) -> tuple[int, Any]:
    config = str(stack.home / "worker-0.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "dataquarantine", "--config", config, "breaker", *words, "--json"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def produce_until(stack: Stack, value: bytes, condition: Any, what: str) -> None:
    def done() -> bool:
        stack.produce([value] * 20)
        return bool(condition())

    until(done, 60, what)


def test_a_flood_closes_the_source_until_it_is_reset(kafka_stack: Stack) -> None:
    stack = kafka_stack
    stack.create_topics()
    one = stack.start_worker(breaker=SETTINGS)
    two = stack.start_worker(breaker=SETTINGS)
    workers: tuple[Worker, ...] = (one, two)

    produce_until(stack, BAD, lambda: state(one, stack) == "open", "the breaker opens")
    until(lambda: state(two, stack) == "open", 5, "the other worker knows")
    assert row(one, "breakers", stack.source)["bad"] >= 50
    # one worker holds it, the other asks that one
    assert all(row(w, "error_windows", stack.source) for w in workers)

    three = stack.start_worker(breaker=SETTINGS)
    until(lambda: state(three, stack) == "open", 30, "a new worker knows")
    before = stack.committed(stack.source)[0]
    stack.produce([VALID] * 200)
    code, listed = breaker(stack, "status")
    assert (code, listed["items"][0]["state"]) == (1, "open")
    assert stack.committed(stack.source)[0] == before, "an open source is not read"

    workers = (*workers, three)
    until(lambda: sum(map(writes, workers)) == 1, 30, "one worker keeps the breakers")
    [writer] = filter(writes, workers)
    writer.kill()
    left = [worker for worker in workers if worker is not writer]
    code, reset = breaker(stack, "reset", stack.source, "--who", "ann", "--why", "mended")
    agreed_at = time.monotonic() + 2
    # what waited may have passed its trial before the command looked
    assert (code, reset["who"]) == (0, "ann")
    assert reset["state"] in ("half_open", "closed")
    on_trial = f"The breaker of {stack.source} went from open to half_open"
    assert any(on_trial in worker.log.read_text() for worker in left)
    for worker in left:
        until(partial(is_not_open, worker, stack), agreed_at - time.monotonic(), "all agree")
    produce_until(stack, VALID, lambda: state(left[0], stack) != "half_open", "the trial ends")
    for worker in left:
        until(partial(is_closed, worker, stack), 10, "closed everywhere")
    end = before + 200
    until(lambda: stack.committed(stack.source)[0] >= end, 30, "the backlog is read")

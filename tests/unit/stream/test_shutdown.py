"""A process that does not end by itself is ended."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

PROGRAM = """
import sys, threading
from dataquarantine.stream.shutdown import end_within
end_within(0.1, exit_code=int(sys.argv[1]))
threading.Event().wait(float(sys.argv[2]))
"""


@pytest.mark.parametrize("code", [0, 1])
def test_a_process_that_hangs_ends_with_the_given_code(code: int) -> None:
    command = [sys.executable, "-c", PROGRAM, str(code), "60"]

    ended = subprocess.run(command, capture_output=True, timeout=30)

    assert ended.returncode == code
    assert b"did not stop in 0.1 s" in ended.stderr


def test_a_process_that_ends_in_time_is_left_alone() -> None:
    command = [sys.executable, "-c", PROGRAM.replace("0.1", "60"), "1", "0"]
    started = time.monotonic()

    ended = subprocess.run(command, capture_output=True, timeout=30)

    assert ended.returncode == 0
    assert time.monotonic() - started < 30

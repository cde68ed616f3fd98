"""What a worker makes log lines of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dataquarantine.dev.service import free_port

#: Runs the command up to where Faust would start the worker; prints the root logger's level.
PROGRAM = """
import logging, sys
import faust

def stop_here(self):
    self._setup_logging()
    print("root level", logging.root.level)

faust.Worker.execute_from_commandline = stop_here
from dataquarantine.cli import main
main(["worker", "--log-level", sys.argv[1]])
"""


@pytest.mark.parametrize(("level", "number"), [("WARNING", 30), ("DEBUG", 10)])
def test_lines_are_made_from_the_level_on_that_was_asked_for(
    tmp_path: Path, level: str, number: int
) -> None:
    """Faust's spinner has every package make DEBUG lines, to turn with each of them."""
    environ = {**os.environ, "DQ_DATA_DIR": str(tmp_path), "DQ_WEB__PORT": str(free_port())}

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert f"root level {number}\n" in done.stdout, done.stderr

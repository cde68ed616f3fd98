"""`dataquarantine dev` for a measurement: in a folder of its own, gone afterwards."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.events import ROOT
from benchmarks.harness import stop

DEADLINE_S = 180.0
PAGE = re.compile(r"^dashboard +(\S+)", re.MULTILINE)


@contextmanager
def dev_run(broker: str, rate: int, invalid: float) -> Iterator[str]:
    """Run it with its sample events and yield the dashboard's address.

    Raises: SystemExit when it does not start, or serves no dashboard.
    """
    with tempfile.TemporaryDirectory(prefix="dq-bench-dev-") as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-u", "-m", "dataquarantine", "dev"]
        options = ["--broker", broker, "--rate", str(rate), "--invalid", str(invalid)]
        log = Path(folder) / "output.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, *options, "--folder", f"{folder}/dq"],
                cwd=ROOT,  # where .cache has the broker
                stdout=output,
                stderr=output,
            )
        try:
            yield _address(process, log)
        finally:
            stop([process])


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + DEADLINE_S
    while "\nready" not in (said := log.read_text("utf-8")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"`dataquarantine dev` did not start:\n{said}")
        time.sleep(0.1)
    found = PAGE.search(said)
    if found is None:
        raise SystemExit("the dashboard is not built: make dashboard")
    return found[1]

"""The contenders: how each is started, and which share of the topic it gets."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.events import ROOT, SCHEMA_FILE
from benchmarks.harness import Bench, Result, Stopped
from benchmarks.surroundings import Surroundings

#: Contenders with requirements of their own run there; `make bench-contenders` makes it.
OTHER_PYTHON = ROOT / ".cache" / "contenders" / "bin" / "python"


@dataclass(frozen=True)
class Contender:
    """A program beside the gateway.

    share: how much of the topic it must forward; the slow ones get less.
    apart: it runs in the environment of the contenders.
    """

    name: str
    module: str
    share: float = 1.0
    apart: bool = False
    needs_folder: bool = False

    @property
    def is_there(self) -> bool:
        return not self.apart or OTHER_PYTHON.exists()

    def command(self, bench: Bench, outputs: Sequence[str], folder: Path) -> list[str]:
        python = str(OTHER_PYTHON) if self.apart else sys.executable
        program = [python, "-m", f"benchmarks.contenders.{self.module}"]
        arguments = [bench.servers, bench.source, *outputs, str(SCHEMA_FILE)]
        return [*program, *arguments, *([str(folder)] if self.needs_folder else [])]


CONTENDERS = (
    Contender("loop", "sequential_loop"),
    Contender("pipelined", "pipelined_loop"),
    Contender("naive", "naive_faust", share=1 / 40, needs_folder=True),
    Contender("quix", "quix_streams", share=1 / 8, apart=True),
    Contender("faststream", "fast_stream", share=1 / 6, apart=True),
    Contender("faststream-batches", "fast_stream_batches", share=1 / 4, apart=True),
)


def run_contender(
    around: Surroundings, bench: Bench, contender: Contender, number: int | str
) -> Result:
    """Let a contender read the topic once.

    One that does not come through is started once more: Quix Streams stands still after its join
    in one of ten runs.
    """
    try:
        return _run_once(around, bench, contender, number)
    except Stopped as stopped:
        print(f"{stopped}; once more", flush=True)
        return _run_once(around, bench, contender, f"{number}-again")


def _run_once(
    around: Surroundings, bench: Bench, contender: Contender, number: int | str
) -> Result:
    outputs = make_outputs(bench, contender.name, number)
    folder = around.home / f"{contender.name}-{number}"
    upto = int(bench.records * contender.share)
    command = contender.command(bench, outputs, folder)
    env = {"PYTHONPATH": str(ROOT)}
    try:
        return bench.run(contender.name, [command], outputs, upto=upto, env=env, timeout_s=60)
    finally:
        bench.delete_topics(outputs)


def run_gateway(
    around: Surroundings,
    bench: Bench,
    number: int | str,
    *,
    workers: int = 1,
    schemas: int = 1,
) -> Result:
    """Let the gateway read the topic once, by one worker or several."""
    outputs = make_outputs(bench, "gateway", number)
    config = around.worker_config(bench, outputs, schemas=schemas)
    command = worker_command(config)
    try:
        return bench.run("gateway", [command] * workers, outputs)
    finally:
        bench.delete_topics(outputs)


def worker_command(config: Path) -> list[str]:
    """Start a worker."""
    worker = ["worker", "--log-level", "WARNING"]
    return [sys.executable, "-m", "dataquarantine", "--config", str(config), *worker]


def make_outputs(bench: Bench, contender: str, number: int | str) -> tuple[str, str]:
    """Create both output topics of a run."""
    valid, dead_letter = (
        f"{bench.source}-{contender}-{number}-{kind}" for kind in ("valid", "dlq")
    )
    return bench.create_topic(valid), bench.create_topic(dead_letter)

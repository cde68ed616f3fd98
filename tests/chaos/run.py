"""One run: a steady load, the faults of a seed, then three judges."""

from __future__ import annotations

import heapq
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.arena import Arena, Heal
from tests.chaos.schedule import Fault, schedule
from tests.integration.worker.load import Load
from tests.integration.worker.stack import Stack, until

CHECK = Path(__file__).with_name("check.py")
SETTLE_WITHIN_S = 240.0


@dataclass(slots=True)
class Outcome:
    """What a run did and what its judges found.

    exits: of workers by themselves. unsettled: what was not done in time after the load ended.
    """

    seed: int
    delivery: str
    seconds: int
    faults: dict[str, int] = field(default_factory=dict)
    check: dict[str, int] = field(default_factory=dict)
    audit: dict[str, Any] = field(default_factory=dict)
    exits: int = 0
    unsettled: str = ""

    @property
    def missing(self) -> int:
        return sum(n for kind, n in self.check.items() if kind.startswith("missing"))

    @property
    def problems(self) -> list[str]:
        """Say what went wrong, nothing when all is well."""
        found = [
            f"{kind}: {count}"
            for kind, count in self.check.items()
            if count and kind.split("_")[0] in ("missing", "wrong")
        ]
        if self.unsettled:
            found.append(f"unsettled: {self.unsettled}")
        if self.delivery == "exactly_once":
            twice = ("duplicates", "duplicate_letters")
            found += [f"{kind}: {self.check[kind]}" for kind in twice if self.check[kind]]
        if not self.audit.get("clean"):
            found.append(f"audit: {json.dumps(self.audit.get('findings'))[:2000]}")
        return found


def run(arena: Arena, home: Path, *, seed: int, delivery: str, seconds: int, rate: int) -> Outcome:
    """Load the gateway for `seconds`, break it by the seed's schedule, then judge it."""
    faults = schedule(seed, seconds)
    outcome = Outcome(seed, delivery, seconds)
    stack = arena.new_stack(home, delivery)
    print(f"seed {seed}, {delivery}, {rate}/s for {seconds} s", *faults, sep="\n  ", flush=True)
    try:
        arena.keep_workers()
        until(lambda: all(w.is_ready() for w in stack.workers), 120, "the first workers are ready")
        with Load(stack, rate) as load:
            _break(arena, faults, outcome, seconds)
        arena.wanted = 3  # each takes a spool that a dead one left
        arena.keep_workers()
        try:
            _settle(arena, load.sent)
        except AssertionError as exc:  # judged and recorded like any other run
            outcome.unsettled = str(exc)
        outcome.audit = _audit(stack)
        outcome.check = _check(stack)
        outcome.exits = arena.exits
    finally:
        stack.stop()
    return outcome


def _break(arena: Arena, faults: list[Fault], outcome: Outcome, seconds: int) -> None:
    """Apply and heal by the clock; a fault never begins early, but may late."""
    order = itertools.count()
    due: list[tuple[float, int, Fault | Heal]] = [(f.at_s, next(order), f) for f in faults]
    heapq.heapify(due)
    started = time.monotonic()
    while due:
        at_s, _, what = heapq.heappop(due)
        time.sleep(max(0.0, started + at_s - time.monotonic()))
        if isinstance(what, Fault):
            heal = arena.apply(what)
            outcome.faults[what.kind] = outcome.faults.get(what.kind, 0) + 1
            heapq.heappush(due, (at_s + what.duration_s, next(order), heal))
        else:
            what()
            arena.keep_workers()
    time.sleep(max(0.0, started + seconds - time.monotonic()))


def _settle(arena: Arena, sent: int) -> None:
    """Wait until everything that was sent is committed and what was bad is stored."""
    stack, bad = arena.stack, -(-sent // 50)

    def settled(condition: Callable[[], bool]) -> Callable[[], bool]:
        def look() -> bool:
            arena.keep_workers()  # one that was told to stop may take its time
            return condition()

        return look

    def committed() -> bool:
        return sum(stack.committed(stack.source).values()) >= sent

    until(settled(committed), SETTLE_WITHIN_S, "committed")
    until(settled(lambda: stack.count_rows() >= bad), SETTLE_WITHIN_S, f"{bad} rows")
    until(settled(lambda: len(stack.objects()) >= bad), SETTLE_WITHIN_S, f"{bad} objects")


def _audit(stack: Stack) -> dict[str, Any]:
    config = next(stack.home.glob("worker-*.yaml"))
    words = ["--config", str(config), "audit", "--deep", "--json"]
    done = _python("-m", "dataquarantine", *words)
    found: dict[str, Any] = json.loads(done)
    return found


def _check(stack: Stack) -> dict[str, int]:
    where = stack.home / "where.json"
    facts = {
        "bootstrap_servers": stack.bootstrap_servers,
        "source": stack.source,
        "valid": stack.valid,
        "dead_letter": stack.dead_letter,
        "database_url": stack.database_url.replace("+psycopg2", ""),
        "s3": dict(stack.s3),
    }
    where.write_text(json.dumps(facts), "utf-8")
    found: dict[str, int] = json.loads(_python(str(CHECK), str(where)))
    return found


def _python(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=600)
    if done.returncode not in (0, 1) or not done.stdout:
        raise RuntimeError(f"{words[0]} failed: {done.stderr[-2000:]}")
    return done.stdout

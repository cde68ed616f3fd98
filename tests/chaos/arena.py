"""Everything a run needs, in real processes, and the hands that break it."""

from __future__ import annotations

import os
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.store import migrations
from tests.chaos.proxy import Proxy
from tests.chaos.schedule import Fault
from tests.integration.processes import children
from tests.integration.worker.stack import Stack, Worker

CACHE = Path(__file__).parents[2] / ".cache"
WORKERS = 2
#: Small enough for an outage of both stores to fill it.
SPOOL_BYTES = 200_000
SLOW_S = 0.3

#: Ends a fault.
Heal = Callable[[], None]


class Arena:
    """Three brokers, two stores behind proxies, and as many workers as are wanted."""

    def __init__(self, kafka: KafkaCluster, postgres: EmbeddedPostgres, s3: EmbeddedObjects):
        self.kafka = kafka
        self.postgres = postgres
        self.s3 = s3
        self.proxies = {"Postgres": Proxy(postgres.port), "S3": Proxy(s3.port)}
        self.wanted = WORKERS
        self.exits = 0
        self.stack: Stack
        self._paused: set[int] = set()
        self._slots: dict[int, Worker] = {}

    def new_stack(self, home: Path, delivery: str) -> Stack:
        """Make topics, database and bucket of a run."""
        name = f"chaos{uuid.uuid4().hex[:6]}"
        url = self.postgres.url.replace(
            f":{self.postgres.port}/", f":{self.proxies['Postgres'].port}/"
        )
        s3 = {
            "endpoint_url": f"http://127.0.0.1:{self.proxies['S3'].port}",
            "access_key": self.s3.access_key,
            "secret_key": self.s3.secret_key,
            "bucket": "data-quarantine",
        }
        self.stack = Stack(home, self.kafka.bootstrap_servers, True, url, s3, name)
        self.stack.delivery, self.stack.replication = delivery, 3
        self.stack.create_topics(**{"min.insync.replicas": "2"})
        self.stack.create_schema_log()
        return self.stack

    # -- workers

    def keep_workers(self) -> None:
        """Start what died and was not wanted to, stop what is too many."""
        for slot in range(3):
            worker = self._slots.get(slot)
            if worker is not None and worker.process.poll() is not None:
                self.exits += worker.process.returncode > 0
                del self._slots[slot]
                worker = None
            if worker is None and slot < self.wanted:
                self._slots[slot] = self._start(slot)
            elif worker is not None and slot >= self.wanted and slot not in self._paused:
                worker.process.send_signal(signal.SIGTERM)

    def _start(self, slot: int) -> Worker:
        """Start a worker on the folder of the one that was there before."""
        self.stack.workers = [w for w in self.stack.workers if w.process.poll() is None]
        return self.stack.start_worker(
            wait=False, number=slot, spool={"folder": str(self.stack.home / "spool"),
                                            "max_bytes": SPOOL_BYTES}
        )  # fmt: skip

    def living(self) -> list[int]:
        return [
            slot
            for slot, worker in self._slots.items()
            if worker.process.poll() is None and slot not in self._paused
        ]

    # -- faults

    def apply(self, fault: Fault) -> Heal:
        """Break something; returns what mends it."""
        name = "_" + fault.kind.lower().replace(" ", "_").replace("-", "_")
        heal: Heal = getattr(self, name)(fault)
        return heal

    def _worker_killed(self, fault: Fault) -> Heal:
        if (slot := self._pick(fault)) is not None:
            self._slots[slot].kill()
        return self.keep_workers

    def _worker_stopped(self, fault: Fault) -> Heal:
        if (slot := self._pick(fault)) is not None:
            self._slots[slot].process.send_signal(signal.SIGTERM)
        return self.keep_workers

    def _worker_paused(self, fault: Fault) -> Heal:
        slot = self._pick(fault)
        if slot is None:
            return self.keep_workers
        process = self._slots[slot].process
        process.send_signal(signal.SIGSTOP)
        self._paused.add(slot)

        def resume() -> None:
            process.send_signal(signal.SIGCONT)
            self._paused.discard(slot)

        return resume

    def _sink_killed(self, fault: Fault) -> Heal:
        """Kill what stores for a worker; the worker starts another by itself."""
        if (slot := self._pick(fault)) is not None:
            for child in children(self._slots[slot].process.pid, "quarantine.apart.child"):
                os.kill(child, signal.SIGKILL)
        return self.keep_workers

    def _broker_restarted(self, fault: Fault) -> Heal:
        node = int(fault.choice * 3)
        if len(self.kafka.services) < 3:
            return lambda: None  # one at a time: two must stay in sync
        self.kafka.kill_broker(node)
        return lambda: self.kafka.start_broker(node)

    def _postgres_stopped(self, fault: Fault) -> Heal:
        self.postgres.stop()
        return self._start_stores

    def _s3_stopped(self, fault: Fault) -> Heal:
        self.s3.stop()
        return self._start_stores

    def _spool_full(self, fault: Fault) -> Heal:
        self.postgres.stop()
        self.s3.stop()
        return self._start_stores

    def _start_stores(self) -> None:
        for store in (self.postgres, self.s3):
            if not store.service.running:
                store.start()

    def _scaled_1_3_1(self, fault: Fault) -> Heal:
        self.wanted = 1
        self.keep_workers()
        self.wanted = 3
        self.keep_workers()

        def back() -> None:
            self.wanted = 1
            self.keep_workers()
            self.wanted = WORKERS

        return back

    def _slow_s3(self, fault: Fault) -> Heal:
        return self._slow(self.proxies["S3"])

    def _slow_postgres(self, fault: Fault) -> Heal:
        return self._slow(self.proxies["Postgres"])

    def _slow(self, proxy: Proxy) -> Heal:
        proxy.delay_s = SLOW_S

        def fast() -> None:
            proxy.delay_s = 0.0

        return fast

    def _pick(self, fault: Fault) -> int | None:
        living = self.living()
        return living[int(fault.choice * len(living))] if living else None


@contextmanager
def open_arena() -> Iterator[Arena]:
    """Start brokers, stores and proxies; ends all of them."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="dq-chaos-")))
        folder.chmod(0o755)
        kafka = KafkaCluster(folder / "kafka", cache=CACHE, brokers=3)
        ending.callback(kafka.stop)
        kafka.start()
        postgres = EmbeddedPostgres(folder / "postgres", password=uuid.uuid4().hex)
        ending.callback(postgres.remove)
        ending.callback(postgres.stop)
        postgres.start()
        migrations.upgrade(postgres.url)
        s3 = EmbeddedObjects(folder / "s3", access_key="chaos-access", secret_key="chaos-secret")
        ending.callback(s3.stop)
        s3.start()
        arena = Arena(kafka, postgres, s3)
        for proxy in arena.proxies.values():
            proxy.start()
            ending.callback(proxy.stop)
        yield arena

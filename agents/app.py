"""The Faust app: one consumer group, all agents in every worker."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable

import faust
from prometheus_client import start_http_server

from dataquarantine.api.assembly import Doorkeeper
from dataquarantine.api.guard import check_exposure
from dataquarantine.api.neighbours import address_of
from dataquarantine.errors import ConfigError, ProduceRefused
from dataquarantine.gateway import MAX_CHUNKS, Gateway
from dataquarantine.log_format import logging_config
from dataquarantine.logs import quieten
from dataquarantine.settings import WebSettings, load_settings
from dataquarantine.stream.credentials import faust_credentials
from dataquarantine.stream.measure import measure_forever
from dataquarantine.stream.memory import tune_gc
from dataquarantine.stream.shutdown import end_within
from dataquarantine.stream.transport import ChunkTransport, chunked_topic
from dataquarantine.topics import OUTCOMES
from dataquarantine.tracing import start_tracing

from .guard import guard_for

#: In the order of the flow.
NAMES = (
    *("schemas", "ingest", "validate", "route", "quarantine", "replay", "tables", "breaker"),
    "alerts",
    "views",
)
AGENTS = [f"dataquarantine.agents.{name}" for name in NAMES]

quieten("aiokafka")
logging.captureWarnings(True)  # a warning is a line like any other
settings = load_settings()
kafka = settings.kafka
door = Doorkeeper(settings)
check_exposure(
    settings.web.host,
    unauthenticated=settings.web.unauthenticated,
    has_tokens=door.has_tokens,
)
gateway = Gateway(settings)
#: What the web port wants to be told when the worker stops.
at_stop: list[Callable[[], Awaitable[None]]] = []


class WorkerApp(faust.App):  # type: ignore[misc]  # untyped base
    """An app whose gateway is connected before its agents start and drained before it ends."""

    async def on_start(self) -> None:
        await super().on_start()
        for table in self.tables.values():
            # Read first in a thread, a table would keep that thread's loop, and never stop.
            table.loop = self.loop
        start_tracing()
        await gateway.start()
        tune_gc()
        if settings.web.metrics_port is not None:
            port = settings.web.metrics_port + gateway.slot.number
            start_http_server(port, settings.web.metrics_host)
        self.add_future(self._produce())
        self.add_future(gateway.quarantining.run())
        self.add_future(gateway.settling.run())
        self.add_future(gateway.feed.refresh_forever())
        self.add_future(gateway.feed.report_shadows())
        self.add_future(gateway.feed.events.run())
        self.add_future(measure_forever(self, gateway.gate, gateway.producer))

    async def on_stop(self) -> None:
        if self._consumer is not None:
            self._consumer.stop_flow()
            await self._consumer.close_owners()  # while the producer is still there
        end_within(exit_code=1 if self.crashed else 0)
        for stop in at_stop:
            await stop()
        await super().on_stop()
        await gateway.stop()

    async def _produce(self) -> None:
        try:
            await gateway.producer.run()
        except ProduceRefused as exc:
            await self.crash(exc)


def tls_of(web: WebSettings) -> ssl.SSLContext | None:
    """Read certificate and key, where they are set."""
    if web.tls_cert is None and web.tls_key is None:
        return None
    if web.tls_cert is None or web.tls_key is None:
        raise ConfigError("web.tls_cert and web.tls_key belong together; set both or none")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(web.tls_cert, web.tls_key)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError(f"web.tls_cert and web.tls_key can't be used: {exc}") from exc
    return context


app = WorkerApp(
    kafka.group,
    broker=[f"kafka://{server.strip()}" for server in kafka.bootstrap_servers.split(",")],
    broker_credentials=faust_credentials(kafka),
    broker_session_timeout=kafka.session_timeout_s,
    broker_heartbeat_interval=kafka.heartbeat_interval_s,
    broker_max_poll_records=kafka.max_chunk_records,
    broker_commit_interval=kafka.commit_interval_s,
    consumer_auto_offset_reset="earliest",
    consumer_max_fetch_size=kafka.max_fetch_bytes,
    consumer_group_instance_id=kafka.group_instance_id,
    producer_acks=-1,
    stream_buffer_maxsize=2 * MAX_CHUNKS,
    stream_wait_empty=False,  # True waits without limit for chunks that a revocation dropped
    topic_allow_declare=False,
    topic_disable_leader=True,
    logging_config=logging_config(settings.logs.format),
    autodiscover=AGENTS,
    origin="dataquarantine.agents",
    store="memory://",
    datadir=str(gateway.slot.folder),
    web_application_options={
        "middlewares": [guard_for(settings.web, door.access)],
        "client_max_size": settings.web.max_body_bytes,
    },
    web_host=settings.web.host,
    web_bind=settings.web.host,
    web_port=settings.web.port + gateway.slot.number,
    web_ssl_context=tls_of(settings.web),
    canonical_url=address_of(settings.web, settings.web.port + gateway.slot.number),
    web_router_enabled=False,  # Faust's own pages know no roles
    web_tables_enabled=False,
    web_graph_enabled=False,
    web_stats_enabled=False,
    web_metrics_enabled=False,
)
app.transport = ChunkTransport(
    app,
    gate=gateway.gate,
    ledger=gateway.ledger,
    transactions=gateway.transactions,
    commit_every_s=kafka.commit_interval_s,
    drain_timeout_s=kafka.drain_timeout_s,
)

sources = chunked_topic(app, *gateway.pipelines, *gateway.replays)
dead_letters = chunked_topic(app, *gateway.dead_letter_topics)
outcomes = chunked_topic(app, OUTCOMES)
to_judge = app.channel(maxsize=2 * MAX_CHUNKS)
to_route = app.channel(maxsize=2 * MAX_CHUNKS)

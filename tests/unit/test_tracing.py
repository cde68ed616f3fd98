"""A span for each chunk, when the environment asks for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dataquarantine import tracing
from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.stream.gate import Allowance
from dataquarantine.stream.owner import PartitionOwner
from dataquarantine.validation.tally import Tally

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider)
    yield exporter
    tracing.use(None)


def finished_chunk() -> None:
    owner = PartitionOwner(TopicPartition("raw-events", 3), 1, Allowance(10**6, 10))
    chunk = owner.admit([SourceRecord(b"{}", offset=7), SourceRecord(b"{}", offset=8)])
    assert chunk is not None
    chunk.tally = Tally(seen=2, valid=1, invalid=1)
    chunk.finish()


def test_a_chunk_is_one_span_with_its_counts(spans: InMemorySpanExporter) -> None:
    finished_chunk()

    [span] = spans.get_finished_spans()
    assert span.name == "process raw-events"
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "raw-events",
        "messaging.destination.partition.id": "3",
        "messaging.batch.message_count": 2,
        "messaging.kafka.offset": 7,
        "dataquarantine.valid": 1,
        "dataquarantine.invalid": 1,
        "dataquarantine.error": 0,
    }


class Collector(BaseHTTPRequestHandler):
    """Takes spans as an OpenTelemetry collector does."""

    taken: queue.Queue[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.taken.put((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def test_spans_arrive_where_the_variables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    Collector.taken = queue.Queue()
    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "gateway-7")

    assert tracing.start_tracing()
    finished_chunk()
    path, body = Collector.taken.get(timeout=30)
    tracing.use(None)
    server.shutdown()
    server.server_close()

    assert path == "/v1/traces"
    assert b"gateway-7" in body
    assert b"process raw-events" in body


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        pytest.param({}, False, id="off by default"),
        pytest.param(ENDPOINT, True, id="an endpoint"),
        pytest.param({"OTEL_TRACES_EXPORTER": "otlp"}, True, id="an exporter"),
        pytest.param({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False, id="exporter none"),
        pytest.param({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False, id="disabled"),
        pytest.param({"OTEL_SERVICE_NAME": "gateway"}, False, id="a name alone"),
    ],
)
def test_the_standard_variables_switch_it_on(environ: Mapping[str, str], wanted: bool) -> None:
    assert tracing.is_wanted(environ) is wanted

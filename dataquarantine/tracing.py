"""One OpenTelemetry span per chunk, when the standard variables ask for it; else no cost.

A span per record would cost as much as fetching it (22 us, measured), so there is none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dataquarantine.errors import ConfigError

if TYPE_CHECKING:
    from dataquarantine.stream.chunk import Chunk

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
EXPORTER = "OTEL_TRACES_EXPORTER"
ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"

_tracer: Any = None  # an OpenTelemetry tracer; its package is optional


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment names somewhere for spans to go."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get(EXPORTER) == "none":
        return False
    return any(environ.get(name) for name in (*ENDPOINTS, EXPORTER))


def start_tracing(environ: Mapping[str, str] | None = None) -> bool:
    """Start exporting spans when the standard OTEL_* variables ask for it.

    Raises: ConfigError when they do and the packages are not there.
    """
    environ = os.environ if environ is None else environ
    if not is_wanted(environ):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"OTEL_* variables ask for traces, {exc.name} is missing; "
            "install dataquarantine[otel] or set OTEL_SDK_DISABLED=true"
        ) from exc
    named = "OTEL_SERVICE_NAME" in environ or "service.name" in environ.get(ATTRIBUTES, "")
    attributes = {} if named else {"service.name": "dataquarantine"}
    provider = TracerProvider(resource=Resource.create(attributes))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use(provider)
    return True


def use(provider: Any) -> None:
    """Take spans from a provider; None: make none."""
    global _tracer
    _tracer = None if provider is None else provider.get_tracer("dataquarantine")


def begin(chunk: Chunk) -> Any:
    """Begin the span of a chunk that was fetched; None when nobody wants one."""
    if _tracer is None:
        return None
    attributes = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": chunk.tp.topic,
        "messaging.destination.partition.id": str(chunk.tp.partition),
        "messaging.batch.message_count": len(chunk.records),
        "messaging.kafka.offset": chunk.records[0].offset,
    }
    return _tracer.start_span(f"process {chunk.tp.topic}", attributes=attributes)


def end(span: Any, chunk: Chunk) -> None:
    """End a chunk's span, its outputs acknowledged; it says what was judged."""
    if chunk.tally is not None:
        span.set_attributes(
            {
                "dataquarantine.valid": chunk.tally.valid,
                "dataquarantine.invalid": chunk.tally.invalid,
                "dataquarantine.error": chunk.tally.error,
            }
        )
    span.end()

"""How Kafka clients are made from the settings."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.oauth import token_provider
from dataquarantine.stream.outputs import OutputRow, PackedRow

#: aiokafka's 100 ms would be added to every wait for a leader or a coordinator.
RETRY_BACKOFF_MS = 20
#: How long aiokafka retries by itself before we hear of a failure. Longer than brokers take to
#: find out that one of them is gone (9 s) and to elect leaders: until then nothing is sent twice.
REQUEST_TIMEOUT_MS = 15_000


def tls_context(kafka: KafkaSettings) -> ssl.SSLContext | None:
    """Make the TLS context; None for a protocol without TLS."""
    if kafka.security_protocol not in ("SSL", "SASL_SSL"):
        return None
    context = ssl.create_default_context(cafile=kafka.ssl_cafile)
    if kafka.ssl_certfile is not None:
        context.load_cert_chain(kafka.ssl_certfile, kafka.ssl_keyfile)
    return context


def client_options(kafka: KafkaSettings) -> dict[str, Any]:
    """Give the connection options that every aiokafka client takes."""
    options: dict[str, Any] = {
        "bootstrap_servers": kafka.bootstrap_servers,
        "security_protocol": kafka.security_protocol,
        "ssl_context": tls_context(kafka),
    }
    if kafka.sasl_mechanism == "OAUTHBEARER":
        options |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_oauth_token_provider": token_provider(kafka),
        }
    elif kafka.sasl_mechanism is not None:
        password = kafka.sasl_password
        options |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.sasl_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    return options


def isolation_level(kafka: KafkaSettings) -> str:
    """Say which records are read: never those of aborted transactions, where there are any."""
    return "read_committed" if kafka.idempotence else "read_uncommitted"


def output_producer(kafka: KafkaSettings, transactional_id: str | None = None) -> AIOKafkaProducer:
    """Make a producer of outputs; idempotent unless the broker can't (Tansu).

    Args: transactional_id: for one that delivers in transactions; it fences its predecessor.
    """
    return AIOKafkaProducer(
        **client_options(kafka),
        client_id="dataquarantine-outputs",
        acks="all",
        enable_idempotence=kafka.idempotence,
        transactional_id=transactional_id,
        transaction_timeout_ms=int(kafka.transaction_timeout_s * 1000),
        linger_ms=0,
        retry_backoff_ms=RETRY_BACKOFF_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_batch_size=kafka.max_batch_bytes,
        max_request_size=kafka.max_request_bytes,
    )


class OutputBatch(BatchBuilder):  # type: ignore[misc]  # untyped base
    """A batch that takes many records in one call: aiokafka's own call costs half of the work."""

    _relative_offset: int

    def extend(self, rows: Sequence[OutputRow]) -> int:
        """Append rows, in order, as long as they fit; returns how many did."""
        if self._closed:
            return 0
        append = self._builder.append
        first = position = self._relative_offset
        for key, value, timestamp_ms, headers, _, _ in rows:
            if append(position, timestamp_ms, key, value, headers) is None:
                self.close()
                break
            position += 1
        self._relative_offset = position
        return position - first

    def unpack(self) -> list[PackedRow]:
        """End the batch and read back what it holds, in order."""
        packed = MemoryRecords(bytes(self._build())).next_batch()
        return [(r.key, r.value, r.timestamp, r.headers) for r in packed]


def output_batch(size_bytes: int, *, transactional: bool = False) -> OutputBatch:
    """Make an empty batch that does not belong to a producer: it survives a new one.

    Args: transactional: the broker takes a batch without this mark as committed at once.
    """
    return OutputBatch(size_bytes, 0, is_transactional=transactional)

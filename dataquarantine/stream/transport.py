"""Faust's Kafka transport, changed to deliver chunks within the worker's own event loop."""

from __future__ import annotations

from typing import Any

from faust.transport.drivers import aiokafka as driver

from dataquarantine.stream.consumer import ChunkConsumer
from dataquarantine.stream.fetching import unpack_fast
from dataquarantine.stream.gate import Gate
from dataquarantine.stream.ledger import LedgerWriter
from dataquarantine.stream.transactions import Transactions


class ChunkTransport(driver.Transport):  # type: ignore[misc]  # untyped base
    """The transport of an app whose chunked topics are those of a gate."""

    Consumer = ChunkConsumer

    def __init__(
        self,
        app: Any,
        *,
        gate: Gate,
        ledger: LedgerWriter | None = None,
        transactions: Transactions | None = None,
        commit_every_s: float = 0.5,
        drain_timeout_s: float = 2.0,
    ) -> None:
        self.gate = gate
        self.ledger = ledger
        self.transactions = transactions
        self.commit_every_s = commit_every_s
        self.drain_timeout_s = drain_timeout_s
        unpack_fast()
        super().__init__(app.conf.broker_consumer, app)


def chunked_topic(app: Any, *names: str) -> Any:
    """Declare topics that arrive in chunks: raw bytes, and no acks by Faust."""
    return app.topic(*names, key_serializer="raw", value_serializer="raw", acks=False)

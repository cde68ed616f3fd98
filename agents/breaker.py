"""Watches the ledger and closes a source that delivers mostly bad records."""

from __future__ import annotations

from typing import Any

from dataquarantine.breaker.gatekeeper import Gatekeeper
from dataquarantine.breaker.keeper import BreakerKeeper
from dataquarantine.topics import CONTROL, LEDGER

from .app import app, gateway
from .tables import breakers, error_windows

keeper = BreakerKeeper(
    gateway.settings.breaker, gateway.pipelines, error_windows, breakers, gateway.clock
)
gatekeeper = Gatekeeper(
    gateway.pipelines,
    keeper.breaker,
    gateway.gate,
    gateway.flood,
    lambda: None if app.rebalancing else app.consumer,
    trial_records=gateway.settings.breaker.trial_records,
    ask=gateway.ledger.ask,
    partitions=gateway.producer.partitions,
)
watched = app.topic(
    LEDGER, CONTROL, key_serializer="raw", value_serializer="raw", value_type=bytes, key_type=bytes
)


@app.agent(watched, name="breaker")
async def watch(records: Any) -> None:
    """Fold each ledger entry, obey each control record; one worker has both topics."""
    async for event in records.events():
        if event.message.topic == LEDGER:
            keeper.fold(event.value)
        else:
            keeper.control(event.value)


@app.task
async def close_sources() -> None:
    """Do on this worker what the table says, and ask for what it stopped by itself."""
    await gatekeeper.run()

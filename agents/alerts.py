"""Watches the flow: ends a worker that stands still, and tells people what needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from dataquarantine import metrics
from dataquarantine.alerts.desk import AlertDesk
from dataquarantine.alerts.retention import RetentionWatch
from dataquarantine.alerts.watch import AlertWatch, Conditions
from dataquarantine.audit.topics import committed
from dataquarantine.breaker.states import Breaker
from dataquarantine.records import TopicPartition
from dataquarantine.stream.probe import Probe
from dataquarantine.stream.shutdown import end_within
from dataquarantine.stream.watchdog import Patrol, Stalled, Watchdog
from dataquarantine.topics import LEDGER

from .app import app, gateway
from .breaker import keeper

settings = gateway.settings
watchdog = Watchdog(settings.kafka.stall_after_s)
desk = AlertDesk(settings, gateway.clock, gateway.worker)
patrols_probe, retentions_probe = Probe(settings.kafka), Probe(settings.kafka)
guard = Patrol(
    watchdog,
    gateway.gate,
    patrols_probe,
    gateway.is_taken,
    partial(committed, settings.kafka),
)
retention = RetentionWatch(settings, retentions_probe, gateway.clock)


def kept_breakers() -> Iterable[Breaker]:
    """Give the breakers on the one worker that writes them."""
    writes = any(tp.topic == LEDGER for tp in app.consumer.assignment())
    metrics.BREAKER_WRITER.set(writes)
    if not writes:
        return ()
    return [keeper.breaker(source) for source in gateway.pipelines]


async def unread() -> Mapping[TopicPartition, int]:
    """Tell where the sources' partitions stand that are held or stalled."""
    return await guard.unread(app.consumer, is_at_a_stand)


def is_at_a_stand(topic: str) -> bool:
    """Tell whether retention may overtake the reading of a source."""
    stands = gateway.gate.reasons(topic) or topic in watchdog.stalled_s
    return topic in gateway.pipelines and bool(stands)


watch = AlertWatch(
    settings,
    Conditions(
        breakers=kept_breakers,
        unknown_schemas=lambda: gateway.unknown_schemas,
        stores_away_s=lambda: gateway.stores_away_s,
        stalled_s=lambda: watchdog.stalled_s,
        retention_s=lambda: retention.left_s,
        owners=gateway.feed.owners,
    ),
    desk,
    gateway.clock,
)


@app.task
async def send_alerts() -> None:
    """Send what there is to tell."""
    await desk.run()


@app.task
async def look_for_alerts() -> None:
    """Look for what there is to tell."""
    await watch.run(lambda: not app.rebalancing)


@app.task
async def look_at_retention() -> None:
    """Foresee what retention deletes unread."""
    async with retentions_probe:
        await retention.run(unread)


@app.task
async def patrol() -> None:
    """Mend a stall with a new consumer, then by ending this worker for its supervisor to see."""
    try:
        async with patrols_probe:
            await guard.run(lambda: app.consumer)
    except Stalled as exc:
        end_within(exit_code=1)
        await app.crash(exc)

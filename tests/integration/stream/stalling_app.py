"""A worker whose agent never finishes a chunk, and whose topic may be held; for test_watchdog."""

from __future__ import annotations

from functools import partial
from typing import Any

from dataquarantine.audit.topics import committed
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.probe import Probe
from dataquarantine.stream.shutdown import end_within
from dataquarantine.stream.transport import chunked_topic
from dataquarantine.stream.watchdog import Patrol, Stalled, Watchdog
from tests.integration.stream.small_app import BROKER, GROUP, TOPIC, app, gate, run

KAFKA = KafkaSettings(bootstrap_servers=BROKER, group=GROUP, stall_after_s=3)


@app.agent(chunked_topic(app, TOPIC))
async def stalling(fetches: Any) -> None:
    async for chunks in fetches:
        print(f"read {chunks[0].records[0].offset}", flush=True)


@app.task
async def patrol() -> None:
    try:
        async with Probe(KAFKA) as probe:
            guard = Patrol(
                Watchdog(KAFKA.stall_after_s), gate, probe, lambda: True, partial(committed, KAFKA)
            )
            await guard.run(lambda: app.consumer, look_every_s=0.5)
    except Stalled as exc:
        end_within(exit_code=1)
        await app.crash(exc)


if __name__ == "__main__":
    run()

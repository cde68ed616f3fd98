"""A worker whose agent never finishes a chunk, and whose topic may be held; for test_watchdog."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import faust

from dataquarantine.audit.topics import committed
from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.probe import Probe
from dataquarantine.stream.shutdown import end_within
from dataquarantine.stream.transport import ChunkTransport, chunked_topic
from dataquarantine.stream.watchdog import Patrol, Stalled, Watchdog

TOPIC = os.environ["APP_TOPIC"]
KAFKA = KafkaSettings(
    bootstrap_servers=os.environ["APP_BROKER"], group=f"{TOPIC}-group", stall_after_s=3
)

app = faust.App(
    KAFKA.group,
    broker=f"kafka://{KAFKA.bootstrap_servers}",
    broker_session_timeout=6,
    broker_heartbeat_interval=1,
    consumer_auto_offset_reset="earliest",
    datadir=os.environ["APP_DATA"],
    store="memory://",
    stream_wait_empty=False,
    topic_allow_declare=False,
    topic_disable_leader=True,
    web_enabled=False,
)
gate = Gate([([TOPIC], Allowance(1 << 20, 10))])
app.transport = ChunkTransport(app, gate=gate, commit_every_s=0.05)


@app.agent(chunked_topic(app, TOPIC))
async def stalling(chunks: Any) -> None:
    async for chunk in chunks:
        print(f"read {chunk.records[0].offset}", flush=True)


@app.task
async def patrol() -> None:
    guard = Patrol(
        Watchdog(KAFKA.stall_after_s), gate, Probe(KAFKA), lambda: True, partial(committed, KAFKA)
    )
    try:
        await guard.run(lambda: app.consumer, look_every_s=0.5)
    except Stalled as exc:
        end_within(exit_code=1)
        await app.crash(exc)


if __name__ == "__main__":
    app.Worker(loglevel="INFO", redirect_stdouts=False).execute_from_commandline()

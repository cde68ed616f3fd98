"""A worker whose agent fails on every chunk, for test_failing_agent."""

from __future__ import annotations

import os
from typing import Any

import faust

from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.transport import ChunkTransport, chunked_topic

TOPIC = os.environ["APP_TOPIC"]

app = faust.App(
    f"{TOPIC}-group",
    broker=f"kafka://{os.environ['APP_BROKER']}",
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
app.transport = ChunkTransport(
    app, gate=Gate([([TOPIC], Allowance(1 << 20, 10))]), commit_every_s=0.05
)


@app.agent(chunked_topic(app, TOPIC))
async def failing(chunks: Any) -> None:
    async for chunk in chunks:
        chunk.submit()
        raise RuntimeError("broken machinery")


if __name__ == "__main__":
    app.Worker(loglevel="INFO", redirect_stdouts=False).execute_from_commandline()

"""The smallest worker over the chunked transport: one topic, no store, no web port."""

from __future__ import annotations

import os

import faust

from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.transport import ChunkTransport

TOPIC = os.environ["APP_TOPIC"]
BROKER = os.environ["APP_BROKER"]
GROUP = f"{TOPIC}-group"

gate = Gate([([TOPIC], Allowance(1 << 20, 10))])
app = faust.App(
    GROUP,
    broker=f"kafka://{BROKER}",
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
app.transport = ChunkTransport(app, gate=gate, commit_every_s=0.05)


def run() -> None:
    """Be the worker until told to stop."""
    app.Worker(loglevel="INFO", redirect_stdouts=False).execute_from_commandline()

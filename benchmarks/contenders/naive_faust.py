"""The plain way with Faust: one agent, one event at a time, `topic.send` for each output."""

from __future__ import annotations

import sys
from typing import Any

import faust

from benchmarks.contenders.judge import Judge, Refused, headers, letter

servers, source, valid, dead_letter, schema_file, data_dir = sys.argv[1:7]
judge = Judge(schema_file)

app = faust.App(
    f"naive-{valid}",
    broker=f"kafka://{servers}",
    consumer_auto_offset_reset="earliest",
    topic_disable_leader=True,
    topic_allow_declare=False,
    store="memory://",
    web_enabled=False,
    producer_acks=-1,
    datadir=data_dir,
)
sources = app.topic(source, key_serializer="raw", value_serializer="raw")
validated = app.topic(valid, key_serializer="raw", value_serializer="raw")
dead_letters = app.topic(dead_letter, key_serializer="raw", value_serializer="raw")


@app.agent(sources)
async def validate(stream: Any) -> None:
    async for event in stream.events():
        value, message = event.value, event.message
        at = message.topic, message.partition, message.offset
        judge.start_batch()
        try:
            key = judge.key_of(value)
            await validated.send(key=key, value=value, headers=headers(*at))
        except Refused as problem:
            await dead_letters.send(key=event.key, value=letter(value, problem, *at))


if __name__ == "__main__":
    worker = app.Worker(loglevel="ERROR", redirect_stdouts=False)
    worker.execute_from_commandline()

"""The plain way with Faust: one agent, one event at a time, `topic.send` for each output."""

from __future__ import annotations

import sys
from typing import Any

import fastjsonschema
import faust
import orjson
import yaml

servers, source, valid, dead_letter, schema_file, data_dir = sys.argv[1:7]
with open(schema_file, encoding="utf-8") as file:
    check = fastjsonschema.compile(yaml.safe_load(file)["schema"])

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
        value = event.value
        try:
            document = orjson.loads(value)
            check(document)
            await validated.send(key=document["user_id"].encode(), value=value)
        except fastjsonschema.JsonSchemaException as exc:
            letter = {
                "original_message": orjson.Fragment(value),
                "validation_error": {"error_message": exc.message, "field_path": exc.name},
                "source_offset": event.message.offset,
            }
            await dead_letters.send(key=event.key, value=orjson.dumps(letter))


if __name__ == "__main__":
    worker = app.Worker(loglevel="ERROR", redirect_stdouts=False)
    worker.execute_from_commandline()

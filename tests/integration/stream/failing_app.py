"""A worker whose agent fails on every chunk, for test_failing_agent."""

from __future__ import annotations

from typing import Any

from dataquarantine.stream.transport import chunked_topic
from tests.integration.stream.small_app import TOPIC, app, run


@app.agent(chunked_topic(app, TOPIC))
async def failing(fetches: Any) -> None:
    async for chunks in fetches:
        chunks[0].submit()
        raise RuntimeError("broken machinery")


if __name__ == "__main__":
    run()

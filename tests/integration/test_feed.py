"""Producing from the command line, on real brokers."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from dataquarantine.dev.feed import Feed, ProduceFailed
from dataquarantine.settings import KafkaSettings

#: aiokafka asks for a topic that is not there for 40 s.
AT_ONCE_S = 15.0


@pytest.mark.parametrize("broker", ["tansu", pytest.param("kafka", marks=pytest.mark.kafka)])
async def test_a_topic_that_does_not_exist_is_said_at_once(
    broker: str, request: pytest.FixtureRequest
) -> None:
    running = request.getfixturevalue("kafka_cluster" if broker == "kafka" else broker)
    feed = Feed(
        KafkaSettings(bootstrap_servers=running.bootstrap_servers, idempotence=False),
        f"no-{uuid4().hex[:6]}",
    )

    with pytest.raises(ProduceFailed, match="create it, for the settings' topics by"):
        async with asyncio.timeout(AT_ONCE_S):
            await feed.__aenter__()

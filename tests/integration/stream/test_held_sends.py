"""A producer of replays after its process stood still, on a real broker."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from dataquarantine.audit.topics import bounds
from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.replay import leases
from dataquarantine.replay.held_sends import SentTooLate, hold_sends
from dataquarantine.replay.leases import Claim, Lease
from dataquarantine.settings import KafkaSettings
from dataquarantine.store.postgres import Database
from dataquarantine.stream.kafka_client import output_producer


def test_what_was_handed_over_before_a_standstill_is_not_sent_after_it(
    tansu: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"replays-{uuid4().hex[:8]}"
    kafka = KafkaSettings(bootstrap_servers=tansu.bootstrap_servers, idempotence=False)
    now_s = leases.now_s()
    database = Database("postgresql+psycopg2://nobody@localhost/none")
    lease = Lease(database, Claim(uuid4(), "one", now_s + leases.LEASE_S))

    async def publish() -> None:
        producer = output_producer(kafka)
        hold_sends(producer, lease)
        await producer.start()
        await producer.send_and_wait(topic, b"in time", partition=0)
        late = await producer.send(topic, b"late", partition=0)
        monkeypatch.setattr(leases, "now_s", lambda: now_s + leases.LEASE_S)  # as after SIGSTOP
        await producer.stop()
        with pytest.raises(SentTooLate):
            await late

    asyncio.run(publish())

    assert sum(end for _, end in asyncio.run(bounds(kafka, [topic])).values()) == 1

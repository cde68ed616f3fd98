"""A producer that sends nothing more once its job is another's."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.protocol.produce import ProduceRequest

from dataquarantine.replay.leases import Lease, LeaseLost


class SentTooLate(KafkaError):  # type: ignore[misc]  # untyped base
    """What was handed to the producer may have been published by another process meanwhile."""

    retriable = False


def hold_sends(producer: AIOKafkaProducer, lease: Lease) -> None:
    """Check the lease right before each produce request is written.

    A process may be stopped between handing a record over and its way to the broker; aiokafka would
    send it when the process wakes up, also while the producer is being closed. Acks of what it
    does not send raise SentTooLate.
    """
    send = producer.client.send

    async def send_while_held(node_id: int, request: Any, **options: Any) -> Any:
        if isinstance(request, ProduceRequest):
            try:
                lease.check()
            except LeaseLost as exc:
                raise SentTooLate(str(exc)) from exc
        return await send(node_id, request, **options)

    producer.client.send = send_while_held

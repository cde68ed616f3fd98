"""Reads a committed offset that no open transaction can change any more."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

from dataquarantine.records import TopicPartition

_UNSTABLE = 88
_NO_COORDINATOR = 15
#: A transaction is still open, or the coordinator is moving.
_ASK_AGAIN = frozenset({14, _NO_COORDINATOR, 16, _UNSTABLE})
_PAUSE_S = 0.01
_OFFSET_FETCH = 9


class CommittedOffset(NamedTuple):
    """Where a group stands on a partition, and what it noted there; None before any commit."""

    next_offset: int | None
    note: str


class _Answer(Response):  # type: ignore[misc]  # untyped base
    API_KEY = _OFFSET_FETCH
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")),
                (
                    "partitions",
                    CompactArray(
                        ("partition", Int32),
                        ("offset", Int64),
                        ("leader_epoch", Int32),
                        ("metadata", CompactString("utf-8")),
                        ("error_code", Int16),
                        ("tags", TaggedFields),
                    ),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("error_code", Int16),
        ("tags", TaggedFields),
    )


class _Question(RequestStruct):  # type: ignore[misc]  # untyped base
    """OffsetFetch version 7, which has `require_stable` (KIP-447); aiokafka stops at 3."""

    API_KEY = _OFFSET_FETCH
    API_VERSION = 7
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(
        ("group", CompactString("utf-8")),
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")),
                ("partitions", CompactArray(Int32)),
                ("tags", TaggedFields),
            ),
        ),
        ("require_stable", Boolean),
        ("tags", TaggedFields),
    )


class _StableOffsetFetch(Request[_Question]):  # type: ignore[misc]  # untyped base
    API_KEY = _OFFSET_FETCH

    def __init__(self, group: str, tp: TopicPartition) -> None:
        self._group = group
        self._tp = tp

    def build(self, version: type[_Question]) -> _Question:
        topics: list[Any] = [(self._tp.topic, [self._tp.partition], {})]
        return version(self._group, topics, True, {})


async def stable_offset(producer: Any, group: str, tp: TopicPartition) -> CommittedOffset:
    """Ask the group's coordinator; waits while a transaction with the offset is open.

    Version 3 answers the offset from before an open transaction: what was read then was
    processed twice. Args: producer: aiokafka's, whose connection is used. Raises: KafkaError.
    """
    sender = producer._sender  # noqa: SLF001  # it knows the coordinators
    while True:
        try:
            coordinator = await sender._find_coordinator(  # noqa: SLF001
                CoordinationType.GROUP, group
            )
            answer = await producer.client.send(
                coordinator, _StableOffsetFetch(group, tp), group=ConnectionGroup.COORDINATION
            )
        except KafkaError as exc:
            if not exc.retriable:
                raise
            code = _NO_COORDINATOR
        else:
            code = answer.error_code
            if not code:
                _, offset, _, note, code, _ = answer.topics[0][1][0]
        if not code:
            return CommittedOffset(offset if offset >= 0 else None, note or "")
        if code not in _ASK_AGAIN:
            error: KafkaError = for_code(code)()
            raise error
        if code != _UNSTABLE:
            sender._coordinator_dead(CoordinationType.GROUP)  # noqa: SLF001
        await asyncio.sleep(_PAUSE_S)

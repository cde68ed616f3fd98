"""A quarantined record's envelope, wherever it is just now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from dataquarantine.errors import DataQuarantineError, SinkUnavailable
from dataquarantine.quarantine import layouts
from dataquarantine.quarantine.envelope import Envelope, NotAnEnvelope, parse_envelope
from dataquarantine.settings import Settings
from dataquarantine.store.objects import ObjectMissing, ObjectStore

#: topic, partition, offset -> the value of that dead letter, None when it is gone.
ReadDeadLetter = Callable[[str, int, int], bytes | None]


class PayloadUnreachable(DataQuarantineError):
    """Neither the object store nor the topic has the payload."""

    def __init__(self, record_id: str, reason: str) -> None:
        super().__init__(
            f"the payload of {record_id} is out of reach: {reason}; a spool on another host may "
            "hold it, else `dataquarantine quarantine rebuild` brings back what the topic has"
        )


class Payloads:
    """Reads envelopes from the object store, or from the topic while they are spooled."""

    def __init__(
        self, objects: ObjectStore, read_dead_letter: ReadDeadLetter, settings: Settings
    ) -> None:
        self._objects = objects
        self._read_dead_letter = read_dead_letter
        self._dead_letter_topics = {p.source: p.dead_letter for p in settings.pipelines}

    def envelope(self, item: dict[str, Any]) -> Envelope:
        """Fetch the envelope of a row.

        Raises: PayloadUnreachable, SinkUnavailable.
        """
        return self.find(item)[0]

    def find(self, item: dict[str, Any]) -> tuple[Envelope, Literal["s3", "dlq"]]:
        """Fetch the envelope of a row, and say where it was.

        Raises: PayloadUnreachable, SinkUnavailable.
        """
        try:
            return parse_envelope(layouts.fetch(self._objects, item["storage_path"])), "s3"
        except (ObjectMissing, SinkUnavailable) as exc:
            reason = exc
        return self._from_topic(item, reason), "dlq"

    def envelopes(self, items: Sequence[dict[str, Any]]) -> list[Envelope | PayloadUnreachable]:
        """Fetch the envelopes of rows that lie in one object; in order, or why there is none.

        Raises: SinkUnavailable.
        """
        paths = [item["storage_path"] for item in items]
        try:
            return [parse_envelope(each) for each in layouts.fetch_all(self._objects, paths)]
        except (ObjectMissing, SinkUnavailable) as exc:
            return [self._or_why(item, exc) for item in items]

    def _or_why(self, item: dict[str, Any], reason: Exception) -> Envelope | PayloadUnreachable:
        try:
            return self._from_topic(item, reason)
        except PayloadUnreachable as exc:
            return exc

    def _from_topic(self, item: dict[str, Any], reason: Exception) -> Envelope:
        source = item["topic"]
        topic = self._dead_letter_topics.get(source, source)
        value = self._read_dead_letter(topic, item["dlq_partition"], item["dlq_offset"])
        try:
            envelope = parse_envelope(value)
        except NotAnEnvelope:
            raise PayloadUnreachable(item["id"], str(reason)) from reason
        if envelope.payload_crc32c != item["payload_crc32c"] or envelope.payload_ref is not None:
            raise PayloadUnreachable(item["id"], str(reason)) from reason
        return envelope

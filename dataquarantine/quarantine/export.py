"""Quarantined records as lines for the producer's team."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.envelope import text_of
from dataquarantine.quarantine.payloads import Payloads
from dataquarantine.store.queries import Item

WORKERS = 8
_BATCH = 200

#: Columns that a line begins with.
FIELDS = (
    *("id", "topic", "partition", "offset", "source_timestamp_ms", "quarantined_at"),
    *("schema_name", "schema_version", "error_type", "code", "error_message", "field_path"),
    *("violations", "fingerprint", "status", "attempt", "lineage_id"),
)


def export(items: Iterable[Item], payloads: Payloads) -> Iterator[dict[str, Any]]:
    """Give each record with its key, headers and original payload, in the items' order.

    A payload out of reach is said in `payload_error`; the line is there all the same.
    """
    rest = iter(items)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="export") as pool:
        while batch := list(islice(rest, _BATCH)):
            yield from pool.map(lambda item: _line(item, payloads), batch)


def _line(item: Item, payloads: Payloads) -> dict[str, Any]:
    line = {field: item[field] for field in FIELDS}
    try:
        envelope = payloads.envelope(item)
    except DataQuarantineError as exc:
        return {**line, "payload": None, "payload_error": str(exc)}
    return {
        **line,
        "key": envelope.source_key,
        "headers": envelope.source_headers,
        "payload": text_of(envelope.payload()),
    }

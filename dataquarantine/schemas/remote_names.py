"""Schemas of another registry by their names there: subjects that records name."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from urllib.parse import quote

from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import Record
from dataquarantine.schemas.registry import REMOTE, Registry
from dataquarantine.schemas.remote import RemoteSchema, Unknown, latest_key
from dataquarantine.settings import SchemaSelection
from dataquarantine.validation.selection import Reference, parse_reference, pinned_by_header

logger = logging.getLogger(__name__)

#: Rows of versions, behind the namespace: `name/<subject>/<number>`.
NAMED = "name/"
#: A chunk whose sender makes names up must not keep the other registry busy.
MAX_PER_CHUNK = 20

#: subject, number (None: the latest) -> the schema, None when that registry has none.
Fetch = Callable[[str, int | None], Awaitable[RemoteSchema | None]]


class NamesThrough:
    """Fetches the versions that records name, once for all workers.

    Which version is the latest is asked again after `ttl_s`, while records go on by the old one.

    Args: knows: whether a name, or a version of it, is known here; those are not asked for.
        keep: makes a row known here and to all workers.
    """

    def __init__(
        self,
        registry: Registry,
        namespace: str,
        fetch: Fetch,
        keep: Callable[[str, bytes], Awaitable[None]],
        *,
        knows: Callable[[str, str | None], bool],
        ttl_s: float,
    ) -> None:
        self._registry = registry
        self._prefix = f"{REMOTE}{namespace}/"
        self._fetch = fetch
        self._keep = keep
        self._knows = knows
        self._ttl_s = ttl_s
        self._unknown: Unknown[tuple[str, str | None]] = Unknown()
        self._asking: set[asyncio.Task[None]] = set()

    def missing(
        self, topic: str, records: Iterable[Record], selection: SchemaSelection
    ) -> list[Reference]:
        """Name what is to be fetched before these are judged; refresh what is old meanwhile.

        Cost: a search through each value for the field, up to where it stands.
        """
        found: list[Reference] = []
        for text in _texts(topic, records, selection):
            reference = parse_reference(text, None, "")
            if not isinstance(reference, Reference):
                continue
            wanted = (reference.name, reference.version)
            if wanted in self._unknown or len(found) == MAX_PER_CHUNK:
                continue
            if not self._knows(*wanted):
                found.append(reference)
            elif reference.version is None and self._is_old(reference.name):
                self._unknown.add(wanted)  # asked once in a while, whatever comes of it
                task = asyncio.create_task(self.fetch([reference]))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
        return found

    async def fetch(self, references: Sequence[Reference]) -> None:
        """Fetch versions; those that can't be had are unknown for ten seconds."""
        for reference in references:
            number = _number(reference.version)
            if number == 0:
                continue
            try:
                schema = await self._fetch(reference.name, number)
            except DataQuarantineError as exc:
                logger.error(
                    "Schema %s could not be fetched: %s",
                    reference.name,
                    exc,
                    extra={"action": "remote_schema_unfetched"},
                )
                schema = None
            if schema is None:
                self._unknown.add((reference.name, reference.version))
                continue
            await self._remember(schema, is_latest=number is None)

    async def _remember(self, schema: RemoteSchema, *, is_latest: bool) -> None:
        subject = quote(schema.subject, safe="")
        await self._keep(f"{self._prefix}{NAMED}{subject}/{schema.number}", schema.to_row())
        if is_latest:
            row = json.dumps({"number": schema.number, "at": time.time()}).encode()
            await self._keep(self._prefix + latest_key(schema.subject), row)

    def _is_old(self, name: str) -> bool:
        row = self._registry.remotes.get(self._prefix + latest_key(name))
        return row is not None and json.loads(row)["at"] < time.time() - self._ttl_s


def _number(version: str | None) -> int | None:
    """Turn `3.0.0` into 3; None for the latest, 0 for what that registry can't have."""
    if version is None:
        return None
    major, _, rest = version.partition(".")
    return int(major) if rest == "0.0" else 0


def _texts(topic: str, records: Iterable[Record], selection: SchemaSelection) -> set[str]:
    """Collect what the records of a chunk may name, as the selector will read it."""
    found = set(_pinned(records))
    if selection.from_ == "topic":
        found.add(topic)
    if selection.default is not None:
        found.add(selection.default)
    if selection.from_ == "field":
        named = re.compile(rb'"' + re.escape(selection.field.encode()) + rb'"\s*:\s*"([^"\\]+)"')
        matches = {match[1] for r in records if r.value and (match := named.search(r.value))}
        found |= {match.decode("utf-8", "replace") for match in matches}
    return found


def _pinned(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        if record.headers and (pinned := pinned_by_header(record.headers)) is not None:
            yield pinned

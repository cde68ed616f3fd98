"""Schemas read through from another registry, kept as rows beside our own."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote, unquote

from pydantic import ValidationError

from dataquarantine.errors import DataQuarantineError
from dataquarantine.records import Record
from dataquarantine.schemas.documents import SchemaDocument, is_schema_name
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.schemas.registry import REMOTE, Registry

logger = logging.getLogger(__name__)

#: How long an id that was not found is not asked for again.
FORGET_S = 10.0
MAX_UNKNOWN = 10_000
#: Rows of names, behind the namespace: `latest/<subject>` says which version is the latest.
LATEST = "latest/"

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class RemoteSchema:
    """The schema of an id in another registry; it never changes.

    number: its version there; here it is `number.0.0`.
    """

    id: int
    subject: str
    number: int
    type: str
    definition: Any

    def to_row(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    def listed(self) -> ListedSchema | None:
        """Return it as a source lists it, not as the latest; None when it can't be used."""
        try:
            document = SchemaDocument.model_validate(
                {
                    "name": self.subject if is_schema_name(self.subject) else f"id-{self.id}",
                    "version": f"{self.number}.0.0",
                    "type": self.type,
                    "schema": self.definition,
                }
            )
        except ValidationError:
            logger.error(
                "Schema id %d of the other registry can't be used",
                self.id,
                extra={"action": "remote_schema_unusable"},
            )
            return None
        return ListedSchema(document, enforced=False, schema_id=self.id)


class Unknown(Generic[K]):
    """What was asked for in vain; known as such for `FORGET_S`."""

    def __init__(self) -> None:
        self._until: dict[K, float] = {}

    def add(self, key: K) -> None:
        if len(self._until) >= MAX_UNKNOWN:
            self._until.clear()
        self._until[key] = time.monotonic() + FORGET_S

    def __contains__(self, key: K) -> bool:
        return self._until.get(key, 0.0) > time.monotonic()


class RemoteSource:
    """Lists what was read through; hides our own schemas of the same names."""

    def __init__(self, registry: Registry, namespace: str) -> None:
        self._registry = registry
        self._prefix = f"{REMOTE}{namespace}/"
        self._listed: dict[str, ListedSchema | None] = {}

    def read(self) -> Sequence[ListedSchema]:
        """List it; no I/O."""
        latest: dict[str, str] = {}
        for key, row in list(self._registry.remotes.items()):
            if not key.startswith(self._prefix):
                continue
            if key.startswith(f"{self._prefix}{LATEST}"):
                subject, number = latest_of(key, row)
                latest[subject] = f"{number}.0.0"
            elif key not in self._listed:
                self._listed[key] = RemoteSchema(**json.loads(row)).listed()
        return [
            replace(listed, enforced=True)
            if latest.get(listed.document.name) == listed.document.version
            else listed
            for listed in self._listed.values()
            if listed is not None
        ]


def latest_key(subject: str) -> str:
    """Name the row that says which number of a subject is the latest, behind the namespace."""
    return f"{LATEST}{quote(subject, safe='')}"


def latest_of(key: str, row: bytes) -> tuple[str, int]:
    """Read such a row: subject and number."""
    return unquote(key.rpartition("/")[2]), int(json.loads(row)["number"])


class ReadThrough:
    """Fetches the schemas of ids that records name, once for all workers.

    Args: fetch: asks the other registry. keep: makes a row known here and to all workers.
    """

    def __init__(
        self,
        registry: Registry,
        namespace: str,
        fetch: Callable[[int], Awaitable[RemoteSchema | None]],
        keep: Callable[[str, bytes], Awaitable[None]],
    ) -> None:
        self._registry = registry
        self._prefix = f"{REMOTE}{namespace}/"
        self._fetch = fetch
        self._keep = keep
        self._unknown: Unknown[int] = Unknown()

    def missing(self, records: Iterable[Record]) -> set[int]:
        """Name the ids of Confluent's wire format that are to be fetched before these are judged.

        Cost: a slice per record.
        """
        found = {r.value[1:5] for r in records if r.value and r.value[0] == 0 and len(r.value) > 4}
        ids = {int.from_bytes(each, "big") for each in found}
        return {
            each
            for each in ids
            if f"{self._prefix}{each}" not in self._registry.remotes and each not in self._unknown
        }

    async def fetch(self, ids: Iterable[int]) -> None:
        """Fetch ids; those that can't be had are unknown for ten seconds."""
        for schema_id in sorted(ids):
            key = f"{self._prefix}{schema_id}"
            if key in self._registry.remotes:
                continue
            try:
                found = await self._fetch(schema_id)
            except DataQuarantineError as exc:
                logger.error(
                    "Schema id %d could not be fetched: %s",
                    schema_id,
                    exc,
                    extra={"action": "remote_schema_unfetched"},
                )
                found = None
            if found is not None:
                await self._keep(key, found.to_row())
                continue
            self._unknown.add(schema_id)

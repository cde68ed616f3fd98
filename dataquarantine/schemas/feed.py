"""A worker's schemas: read from log, disk and files, kept fresh, their shadows compared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from functools import partial

from dataquarantine.api.confluent.client import ConfluentClient
from dataquarantine.clock import Clock
from dataquarantine.outcomes import JudgedChunk
from dataquarantine.records import Record
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.events import EventBook
from dataquarantine.schemas.files import SchemaFiles
from dataquarantine.schemas.log import SchemaLogMissing, SchemaLogUnavailable
from dataquarantine.schemas.remote import ReadThrough, RemoteSource
from dataquarantine.schemas.remote_names import NamesThrough
from dataquarantine.schemas.service import RegistryService
from dataquarantine.schemas.shadow import ShadowBench
from dataquarantine.schemas.source import RegistrySource
from dataquarantine.settings import PipelineSettings, Settings
from dataquarantine.store.postgres import Database
from dataquarantine.store.schema_events import write as write_schema_events
from dataquarantine.validation.compiled import SchemaCompiler

logger = logging.getLogger(__name__)

#: What shadows have shown is on the log at most this late.
SHADOW_REPORT_S = 1.0


class SchemaFeed:
    """Gives the engines a catalog that is up to date."""

    def __init__(
        self, settings: Settings, pipelines: Mapping[str, PipelineSettings], clock: Clock
    ) -> None:
        self._settings = settings.schemas
        self._pipelines = pipelines
        self.service = RegistryService(settings, self._read)
        self._reports = Database(settings.postgres.url.get_secret_value(), pool_size=1)
        self.events = EventBook(partial(write_schema_events, self._reports))
        self.service.on_events = self.events.note
        self._reading = asyncio.Lock()
        self._client = self._open_client()
        self._read_through, remote = self._open_remote()
        self.catalog = Catalog(
            [
                *remote,
                RegistrySource(self.service.registry, with_ids=not remote),
                SchemaFiles(self._settings.folder, ttl_s=self._settings.ttl_s),
            ],
            model_packages=self._settings.model_packages,
        )
        self._names_through = self._open_names()
        self._registered = RegistrySource(self.service.registry)
        self._shadows = ShadowBench(pipelines, clock)

    def _open_client(self) -> ConfluentClient | None:
        url = self._settings.registry_url
        return None if url is None else ConfluentClient(url.get_secret_value())

    def _open_remote(self) -> tuple[ReadThrough | None, list[RemoteSource]]:
        client, registry = self._client, self.service.registry
        if client is None:
            return None, []
        through = ReadThrough(registry, client.namespace, client.schema, self.service.keep_remote)
        return through, [RemoteSource(registry, client.namespace)]

    def _open_names(self) -> NamesThrough | None:
        client = self._client
        if client is None:
            return None
        return NamesThrough(
            self.service.registry,
            client.namespace,
            client.version,
            self.service.keep_remote,
            knows=self.catalog.knows,
            ttl_s=self._settings.ttl_s,
        )

    async def restore(self) -> None:
        """Read what lies on this worker's disk; needs no broker."""
        if count := await asyncio.to_thread(self.service.restore):
            logger.info(
                "%d schema versions lay on this worker's disk",
                count,
                extra={"action": "schemas_restored"},
            )
            await self._read()

    async def start(self) -> None:
        """Follow the schema log and read everything.

        Raises: SchemaLogMissing.
        """
        await self._follow_registry()
        await self._read()

    async def stop(self) -> None:
        """Disconnect from the log."""
        await self.service.stop()

    def close(self) -> None:
        """Close what may block."""
        self._reports.close()

    async def refresh_forever(self) -> None:
        """Read the schema files again and again; a list that can't be read changes nothing."""
        while True:
            await asyncio.sleep(self._settings.ttl_s)
            await self._follow_registry()
            await self._read()

    def wait_for(self, topic: str, records: Sequence[Record]) -> Awaitable[None] | None:
        """Return what fetches the schemas that records name and nobody here knows, if any."""
        if self._read_through is None or self._names_through is None:
            return None
        selection = self._pipelines[topic].selection
        if selection.from_ == "confluent":
            ids = self._read_through.missing(records)
            return self._read_through.fetch(ids) if ids else None
        names = self._names_through.missing(topic, records, selection)
        return self._names_through.fetch(names) if names else None

    def compare_shadows(
        self, topic: str, records: Sequence[Record], judged: JudgedChunk
    ) -> Mapping[tuple[str, str], int]:
        """Judge by the shadow versions too; count the disagreements by name and version."""
        return self._shadows.compare(topic, records, judged)

    def owners(self, references: Iterable[str]) -> tuple[str, ...]:
        """Name the owners of schemas (`name@version`); those without one are left out."""
        wanted = set(references)
        documents = (listed.document for listed in self.catalog.versions())
        named = {d.owner for d in documents if d.reference in wanted and d.owner}
        return tuple(sorted(named))

    async def report_shadows(self) -> None:
        """Write what the shadows have shown to the schema log, again and again."""
        told: dict[tuple[str, str], tuple[str, int]] = {}
        while True:
            await asyncio.sleep(SHADOW_REPORT_S)
            for key, (since, figures) in list(self._shadows.figures.items()):
                if told.get(key) != (since, figures.compared):
                    told[key] = (since, figures.compared)
                    await self.service.report_shadow(*key, since, figures)

    async def _read(self) -> None:
        async with self._reading:  # an older listing must not replace a newer one
            await self._list()

    async def _list(self) -> None:
        await asyncio.to_thread(self.catalog.refresh)
        shadows = self._registered.shadows()
        documents = [listed.document for listed in self.catalog.versions()] if shadows else []
        packages = self._settings.model_packages
        self._shadows.watch(shadows, SchemaCompiler(documents, model_packages=packages))

    async def _follow_registry(self) -> None:
        """Follow the schema log; until it is read, disk and files say what judges.

        Raises: SchemaLogMissing.
        """
        if self.service.is_following:
            return
        try:
            await self.service.start()
        except SchemaLogMissing:
            raise
        except SchemaLogUnavailable as exc:
            logger.warning(
                "The schema log is not read, what lies on disk judges: %s",
                exc,
                extra={"action": "schema_log_unread"},
            )

"""The API of a worker: its resources, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dataquarantine.api.access import Access
from dataquarantine.api.audit import Audit
from dataquarantine.api.backtests import Backtests
from dataquarantine.api.breakers import BreakerViews
from dataquarantine.api.cluster import Cluster
from dataquarantine.api.guard import is_loopback
from dataquarantine.api.http import Request, Response
from dataquarantine.api.incidents import Incidents
from dataquarantine.api.judging import Judging
from dataquarantine.api.masked import Masker
from dataquarantine.api.openapi import OpenApiDocument, describe
from dataquarantine.api.overview import Live, OverviewViews
from dataquarantine.api.processes import Processes
from dataquarantine.api.quarantine import Quarantine
from dataquarantine.api.replays import ReplayViews
from dataquarantine.api.schema_batches import SchemaBatches
from dataquarantine.api.schemas import Schemas
from dataquarantine.api.service import MOUNT, Api
from dataquarantine.api.tables import TableViews
from dataquarantine.api.tokens import Tokens
from dataquarantine.api.unregistered import Unregistered
from dataquarantine.breaker.states import Breaker
from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.desk import Desk
from dataquarantine.replay.service import Replays
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.registry import Registry
from dataquarantine.schemas.service import RegistryService
from dataquarantine.settings import Settings
from dataquarantine.store.tokens import TokenBook

#: Connections of the API to Postgres; the sinks have a pool of their own.
CONNECTIONS = 4


class Doorkeeper:
    """What the web port needs before the rest: the stores, opened when asked, and who may in."""

    def __init__(self, settings: Settings) -> None:
        self.desk = Desk(settings, connections=CONNECTIONS)
        self.tokens = TokenBook(self.desk.database)
        web = settings.web
        self.access = Access(
            self.tokens.known, open_without_tokens=is_loopback(web.host) or web.unauthenticated
        )

    def has_tokens(self) -> bool | None:
        """Tell whether there ever was a token; None while Postgres is away."""
        try:
            return self.tokens.known()[1]
        except DataQuarantineError:
            return None


class WorkerApi:
    """Answers requests below `/api/v1`.

    Args: tables: of Faust, by name. owner: names the worker that holds a table. breaker: reads
        this worker's table. held: why a topic is held on this worker.
    """

    def __init__(
        self,
        door: Doorkeeper,
        service: RegistryService,
        catalog: Catalog,
        *,
        tables: Mapping[str, Any],
        owner: Callable[[str], str | None],
        breaker: Callable[[str], Breaker],
        held: Callable[[str], Sequence[str]],
    ) -> None:
        self._desk = desk = door.desk
        self._processes = processes = Processes()
        self._cluster = Cluster(desk, desk.clock, breaker, held)
        self._live = Live(self._cluster, door.access)
        settings = desk.settings
        sources = [pipeline.source for pipeline in settings.pipelines]
        masker = masker_of(settings, catalog)
        document = OpenApiDocument()
        self._api = Api(
            [
                document,
                Tokens(door.tokens, door.access, desk.clock),
                OverviewViews(self._cluster, self._live),
                Quarantine(desk, masker),
                Incidents(desk, masker),
                _schemas(service.registry, service, settings),
                SchemaBatches(service.registry, service.propose),
                Unregistered(service.registry, catalog.versions),
                Judging(catalog, processes),
                BreakerViews(desk, sources, breaker),
                Audit(desk, processes),
                TableViews(tables, owner),
                ReplayViews(Replays(settings, desk.database, desk.payloads, catalog, desk.clock)),
                Backtests(settings, service.registry, catalog.versions),
            ]
        )
        document.document = self.document = describe(self._api.operations, MOUNT)

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        return await self._api.handle(request)

    async def close(self) -> None:
        """End streams and what runs beside the worker."""
        await self._live.close()
        self._cluster.close()
        self._processes.close()
        self._api.close()


def masker_of(settings: Settings, catalog: Catalog) -> Masker:
    """Make what hides personal data by the schemas that judge."""

    def definition(name: str | None, version: str | None) -> Any:
        for listed in catalog.versions():
            if (listed.document.name, listed.document.version) == (name, version):
                return listed.document.definition
        return None

    key = settings.pii_key
    return Masker(definition, key.get_secret_value().encode() if key else None)


def _schemas(registry: Registry, service: RegistryService, settings: Settings) -> Schemas:
    packages = settings.schemas.model_packages
    return Schemas(registry, service.propose, model_packages=packages)

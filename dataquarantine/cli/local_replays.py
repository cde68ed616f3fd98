"""Replays made and worked on by the command itself, in the stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from dataquarantine.cli.context import current_settings
from dataquarantine.cli.quarantine import desk
from dataquarantine.cli.schema_log import reachable_registry
from dataquarantine.cli.stores import Item, signed
from dataquarantine.clock import SystemClock
from dataquarantine.replay.jobs import JobState, ReplayJobs
from dataquarantine.replay.process import follow
from dataquarantine.replay.service import Replays
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.files import SchemaFiles
from dataquarantine.schemas.source import RegistrySource

if TYPE_CHECKING:
    from dataquarantine.replay.requests import NewReplay
    from dataquarantine.schemas.files import ListedSchema


class LocalReplays:
    """Needs Postgres, and to plan and run also Kafka and S3."""

    def plan(self, wanted: NewReplay) -> Item:
        with replays() as (service, schemas):
            job_id = service.create(wanted, signed(wanted.why), can_unmask=True)
            _work(schemas, job_id)
            return service.jobs.view(job_id)

    def run(self, job_id: UUID, why: str) -> Item:
        with replays() as (service, schemas):
            if service.jobs.job(job_id).state is JobState.PLANNED:
                service.tell(job_id, "run", signed(why))
            _work(schemas, job_id)
            return service.jobs.view(job_id)

    def view(self, job_id: UUID) -> Item:
        with desk() as stores:
            return ReplayJobs(stores.database).view(job_id)

    def page(self, limit: int) -> list[Item]:
        with desk() as stores:
            return ReplayJobs(stores.database).page(limit=limit)

    def tell(self, job_id: UUID, verb: str, why: str) -> Item:
        with desk() as stores:
            jobs = ReplayJobs(stores.database)
            jobs.tell(job_id, verb, signed(why), SystemClock().now())
            return jobs.view(job_id)


@contextmanager
def replays() -> Iterator[tuple[Replays, tuple[ListedSchema, ...]]]:
    """Open what makes replays, and the schemas that judge."""
    settings = current_settings()
    schemas = settings.schemas
    registry = reachable_registry()
    catalog = Catalog(
        [
            *([RegistrySource(registry)] if registry is not None else []),
            SchemaFiles(schemas.folder, ttl_s=schemas.ttl_s),
        ],
        model_packages=schemas.model_packages,
    )
    catalog.refresh()
    with desk() as stores:
        service = Replays(settings, stores.database, stores.payloads, catalog, stores.clock)
        yield service, catalog.versions()


def _work(schemas: tuple[ListedSchema, ...], job_id: UUID) -> None:
    """Do the job here, unless a worker was faster: then wait for it."""
    follow(current_settings(), schemas, job_id)

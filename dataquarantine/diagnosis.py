"""Checking everything the gateway depends on; each finding with its remedy."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import sqlalchemy
from aiokafka.errors import KafkaError

from dataquarantine.api.confluent.client import ConfluentClient
from dataquarantine.errors import DataQuarantineError
from dataquarantine.permissions import try_rights
from dataquarantine.schemas.catalog import FileCatalog
from dataquarantine.schemas.lint import lint_paths
from dataquarantine.settings import Settings
from dataquarantine.store import migrations
from dataquarantine.store.objects import ObjectStore, StoredObject
from dataquarantine.store.postgres import Database
from dataquarantine.topics import Profile, TopicState, check_topics

#: Judging "not in the future" and the day partitions trust both clocks.
MAX_SKEW_S = 5.0
#: The first with every function the migrations use.
OLDEST_POSTGRES = 15
PROBE_FOLDER = ".doctor"


class State(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    check: str
    state: State
    found: str
    remedy: str = ""


def examine(settings: Settings, profile: Profile = Profile.DEV) -> list[Check]:
    """Check broker, topics, database, clock, bucket, spool, registry, schemas; blocks."""
    examinations: dict[str, Callable[[], Iterator[Check]]] = {
        "kafka": partial(_kafka, settings, profile),
        "postgres": partial(_postgres, settings),
        "s3": partial(_s3, settings),
        "spool": partial(_spool, settings),
        "registry": partial(_registry, settings),
        "schemas": partial(_schemas, settings),
    }
    checks: list[Check] = []
    for name, examination in examinations.items():
        try:
            checks.extend(examination())
        except (DataQuarantineError, OSError) as exc:
            found, _, remedy = str(exc).partition("; ")
            remedy = _REMEDIES.get(name, remedy)
            if "NoSuchBucket" in found:
                remedy = "set DQ_S3__BUCKET, or let a worker make it with its first object"
            checks.append(Check(name, State.FAILED, found, remedy))
    return checks


_REMEDIES = {
    "postgres": "start it, or set DQ_POSTGRES__URL",
    "s3": "start it, or set DQ_S3__ENDPOINT_URL, DQ_S3__ACCESS_KEY and DQ_S3__SECRET_KEY",
    "spool": "make it a folder this user may write, or set DQ_SPOOL__FOLDER",
}


def _kafka(settings: Settings, profile: Profile) -> Iterator[Check]:
    results = asyncio.run(check_topics(settings, profile=profile))
    yield Check("kafka", State.OK, settings.kafka.bootstrap_servers)
    for result in results:
        if result.right:
            yield Check("topic", State.OK, result.plan.name)
        else:
            found = f"{result.plan.name} {result.state}"
            yield Check("topic", State.FAILED, found, result.detail)

    if settings.kafka.idempotence:  # the embedded broker knows no rights
        existing = [r.plan.name for r in results if r.state is not TopicState.MISSING]
        yield from _rights(settings, existing)


def _rights(settings: Settings, existing: Sequence[str]) -> Iterator[Check]:
    try:
        rights = asyncio.run(try_rights(settings, existing))
    except (KafkaError, TimeoutError) as exc:
        yield Check("rights", State.WARNING, f"the broker does not say: {exc!r}", "try again")
        return
    denied = [right for right in rights if not right.granted]
    for right in denied:
        found = f"{right.operation} on {right.resource} is denied"
        remedy = f"grant {right.operation} on it to this user (kafka-acls.sh --add)"
        yield Check("rights", State.FAILED, found, remedy)
    if not denied:
        yield Check("rights", State.OK, f"{len(rights)} operations tried on topics and group")


def _postgres(settings: Settings) -> Iterator[Check]:
    url = settings.postgres.url.get_secret_value()
    database = Database(url, pool_size=1)
    try:
        before = time.time()
        version, server_time = database.transact(_version_and_time)
        after = time.time()
        lacking = database.transact(_rights_that_lack)
    finally:
        database.close()
    yield Check("postgres", State.OK, f"version {version}")
    if int(version.split(".")[0]) < OLDEST_POSTGRES:
        found = f"version {version} is older than {OLDEST_POSTGRES}"
        yield Check("postgres", State.FAILED, found, f"upgrade it to {OLDEST_POSTGRES} or newer")
    current, latest = migrations.current(url), migrations.latest()
    if current == latest:
        yield Check("migrations", State.OK, latest)
    else:
        found = f"at {current or 'none'}, the newest is {latest}"
        yield Check("migrations", State.FAILED, found, "run `dataquarantine db upgrade`")
    if lacking:
        remedy = "make this user the owner of the gateway's tables, or grant it"
        yield Check("postgres rights", State.FAILED, f"lacks {', '.join(lacking)}", remedy)
    elif current is not None:
        yield Check("postgres rights", State.OK, "may read, write and make day partitions")
    skew_s = max(before - server_time, server_time - after, 0.0)
    remedy = "let a time service set both clocks" if skew_s > MAX_SKEW_S else ""
    state = State.WARNING if remedy else State.OK
    yield Check("clock", state, f"{skew_s:.1f} s away from Postgres", remedy)


def _version_and_time(connection: sqlalchemy.Connection) -> tuple[str, float]:
    statement = sqlalchemy.text(
        "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())"
    )
    row = connection.execute(statement).one()
    return str(row[0]), float(row[1])


def _rights_that_lack(connection: sqlalchemy.Connection) -> list[str]:
    """Name what the sink and its housekeeping need and this user does not have."""
    if (
        connection.execute(sqlalchemy.text("SELECT to_regclass('quarantine_records')")).scalar()
        is None
    ):
        return []  # no tables yet: `migrations` says so
    checks = {
        f"{right} on {table}": f"has_table_privilege('{table}', '{right}')"
        for table in ("quarantine_records", "incidents", "audit_log")
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
    }
    # Day partitions are made and dropped by the tables' owner.
    checks["ownership of quarantine_records"] = (
        "pg_has_role((SELECT relowner FROM pg_class WHERE oid = 'quarantine_records'::regclass),"
        " 'USAGE')"
    )
    checks["TEMPORARY on the database"] = "has_database_privilege(current_database(), 'TEMP')"
    checks["CREATE on the schema"] = "has_schema_privilege(current_schema(), 'CREATE')"
    row = connection.execute(sqlalchemy.text(f"SELECT {', '.join(checks.values())}")).one()
    return [name for name, granted in zip(checks, row, strict=True) if not granted]


def _registry(settings: Settings) -> Iterator[Check]:
    """Ask the other registry, when records name its ids."""
    url = settings.schemas.registry_url
    if url is None:
        return
    client = ConfluentClient(url.get_secret_value())
    try:
        asyncio.run(client.check())
    except (DataQuarantineError, OSError) as exc:
        remedy = "start it, or set DQ_SCHEMAS__REGISTRY_URL (confluents:// for TLS)"
        yield Check("registry", State.FAILED, str(exc), remedy)
    else:
        yield Check("registry", State.OK, "answers")


def _s3(settings: Settings) -> Iterator[Check]:
    store = ObjectStore(settings.s3)
    probe = StoredObject(f"{PROBE_FOLDER}/{uuid.uuid4()}", b"{}")
    try:
        store.put(probe)
        same = store.get(probe.path) == probe.body
        store.delete(probe.path)
    finally:
        store.close()
    if same:
        yield Check("s3", State.OK, f"bucket {store.bucket} takes, gives and deletes objects")
    else:
        yield Check("s3", State.FAILED, "an object came back changed", "look at the store's log")


def _spool(settings: Settings) -> Iterator[Check]:
    folder, wanted = settings.spool.folder, settings.spool.max_bytes
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        yield Check("spool", State.FAILED, f"{folder} can't be written", _REMEDIES["spool"])
        return
    free = shutil.disk_usage(there).free
    if free < wanted:
        found = f"{free / 2**20:,.0f} MiB free, the spool may take {wanted / 2**20:,.0f}"
        yield Check("spool", State.WARNING, found, "free the disk or lower DQ_SPOOL__MAX_BYTES")
    else:
        yield Check("spool", State.OK, f"{folder}, {free / 2**30:,.0f} GiB free")


def _schemas(settings: Settings) -> Iterator[Check]:
    folder = settings.schemas.folder
    for finding in lint_paths([folder], model_packages=settings.schemas.model_packages):
        state = State.FAILED if finding.error else State.WARNING
        yield Check("schema", state, f"{finding.where}: {finding.problem}", "mend the file")
    catalog = FileCatalog.from_settings(settings)
    catalog.refresh()
    if count := len(catalog.versions()):
        yield Check("schemas", State.OK, f"{count} in {folder}")
    else:
        yield Check("schemas", State.WARNING, f"none in {folder}", "add one: docs/howto")

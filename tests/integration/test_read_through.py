"""Reading schemas through from a registry over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient

from dataquarantine.api.confluent.client import ConfluentClient, RegistryUnavailable
from dataquarantine.errors import ConfigError
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.registry import Registry
from dataquarantine.schemas.remote import ReadThrough, RemoteSource
from dataquarantine.schemas.remote_names import NamesThrough
from dataquarantine.settings import SchemaSelection
from dataquarantine.validation.compiled import CompiledSchema
from tests.integration.registry_server import served
from tests.unit.api.registry_at_hand import RegistryAtHand

EVENT: dict[str, Any] = {
    "type": "record",
    "name": "event",
    "fields": [{"name": "a", "type": "string"}],
}
ORDER = {"type": "record", "name": "order", "fields": [{"name": "e", "type": "event"}]}


class Reader:
    """A worker's share of the read-through."""

    def __init__(self, url: str) -> None:
        self.registry = Registry()
        client = ConfluentClient(url.replace("http://", "confluent://"))
        self.through = ReadThrough(self.registry, client.namespace, client.schema, self._keep)
        self.catalog = Catalog([RemoteSource(self.registry, client.namespace)])

    async def _keep(self, key: str, row: bytes) -> None:
        self.registry.put(key, row)
        self.catalog.refresh()

    def missing(self, *ids: int) -> set[int]:
        values = [b"\0" + each.to_bytes(4, "big") + b"x" for each in ids]
        return self.through.missing([SourceRecord(value) for value in values])


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def url(asked: list[str]) -> Iterator[str]:
    with served(RegistryAtHand(), asked) as url:
        yield url


def register(url: str, subject: str, schema: Any, *references: SchemaReference) -> int:
    with SchemaRegistryClient({"url": url}) as client:
        made = Schema(json.dumps(schema), "AVRO", list(references))
        return int(client.register_schema(subject, made))


async def test_an_id_is_fetched_once_and_found_from_then_on(url: str, asked: list[str]) -> None:
    schema_id = register(url, "events-value", EVENT)
    reader = Reader(url)

    missing = reader.missing(schema_id)
    await reader.through.fetch(missing)

    found = reader.catalog.find_by_id(schema_id)
    assert isinstance(found, CompiledSchema)
    assert (found.name, found.version) == ("events-value", "1.0.0")
    assert (missing, reader.missing(schema_id)) == ({schema_id}, set())
    before = len(asked)
    await reader.through.fetch({schema_id})
    assert len(asked) == before


async def test_references_are_copied_in(url: str) -> None:
    register(url, "event", EVENT)
    schema_id = register(url, "orders", ORDER, SchemaReference("event", "event", 1))
    reader = Reader(url)

    await reader.through.fetch({schema_id})

    assert isinstance(reader.catalog.find_by_id(schema_id), CompiledSchema)


async def test_an_id_that_nobody_knows_is_not_asked_for_again_at_once(
    url: str, asked: list[str]
) -> None:
    reader = Reader(url)

    await reader.through.fetch(reader.missing(77))

    assert reader.missing(77) == set()
    assert reader.catalog.find_by_id(77) is None
    assert asked == ["/schemas/ids/77"]


async def test_a_registry_that_is_away_is_asked_three_times(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = Reader("confluent://127.0.0.1:1")

    await reader.through.fetch({5})

    assert reader.missing(5) == set()
    assert "asked 3 times in vain" in caplog.text
    with pytest.raises(RegistryUnavailable):
        await ConfluentClient("confluent://127.0.0.1:1").schema(5)


async def test_rows_of_another_registry_are_not_listed(url: str) -> None:
    schema_id = register(url, "events-value", EVENT)
    reader = Reader(url)
    await reader.through.fetch({schema_id})
    again = Registry.from_rows(reader.registry.rows())
    other = ConfluentClient("confluent://elsewhere:8081")
    same = ConfluentClient(url.replace("http://", "confluent://ann:secret@"))

    assert len(RemoteSource(again, same.namespace).read()) == 1
    assert RemoteSource(again, other.namespace).read() == []


class NamesReader(Reader):
    """A worker's share of the read-through by names."""

    def __init__(self, url: str, ttl_s: float = 300.0) -> None:
        super().__init__(url)
        client = ConfluentClient(url.replace("http://", "confluent://"))
        self.names = NamesThrough(
            self.registry,
            client.namespace,
            client.version,
            self._keep,
            knows=self.catalog.knows,
            ttl_s=ttl_s,
        )

    async def judge(self, *values: bytes, **selection: Any) -> list[str]:
        """Fetch what records name; say what was asked for."""
        records = [SourceRecord(value) for value in values]
        asked = self.names.missing("events-value", records, SchemaSelection(**selection))
        await self.names.fetch(asked)
        return [reference.name for reference in asked]

    def version(self, name: str, version: str | None = None) -> str | None:
        found = self.catalog.find(name, version)
        return found.version if isinstance(found, CompiledSchema) else None


@pytest.mark.parametrize(
    ("value", "selection"),
    [
        pytest.param(b'{"x":1, "_schema" : "events-value"}', {}, id="field"),
        pytest.param(b"{}", {"from": "topic"}, id="topic"),
        pytest.param(b"{}", {"default": "events-value"}, id="default"),
    ],
)
async def test_a_name_is_fetched_once_with_its_latest_version(
    url: str, value: bytes, selection: dict[str, Any]
) -> None:
    register(url, "events-value", EVENT)
    reader = NamesReader(url)

    first = await reader.judge(value, value, **selection)
    again = await reader.judge(value, **selection)

    assert (first, again) == (["events-value"], [])
    assert reader.version("events-value") == "1.0.0"


async def test_a_numbered_version_is_fetched_and_is_not_the_latest(url: str) -> None:
    register(url, "events-value", EVENT)
    wider = {**EVENT, "fields": [*EVENT["fields"], {"name": "b", "type": "int", "default": 0}]}
    register(url, "events-value", wider)
    reader = NamesReader(url, ttl_s=-1)

    await reader.judge(b'{"_schema":"events-value@1.0.0"}')
    numbered = reader.version("events-value", "1.0.0"), reader.version("events-value")
    await reader.judge(b'{"_schema":"events-value"}')

    assert numbered == ("1.0.0", None)
    assert reader.version("events-value") == "2.0.0"


async def test_the_latest_version_is_asked_again_while_records_go_on(url: str) -> None:
    register(url, "events-value", EVENT)
    reader = NamesReader(url, ttl_s=-1)
    await reader.judge(b'{"_schema":"events-value"}')
    wider = {**EVENT, "fields": [*EVENT["fields"], {"name": "b", "type": "int", "default": 0}]}
    register(url, "events-value", wider)

    waited_for = await reader.judge(b'{"_schema":"events-value"}')
    async with asyncio.timeout(10):
        while reader.version("events-value") != "2.0.0":
            await asyncio.sleep(0.01)

    assert waited_for == []


async def test_made_up_names_are_asked_for_in_moderation(url: str, asked: list[str]) -> None:
    reader = NamesReader(url)
    values = [b'{"_schema":"made-up-%d"}' % n for n in range(100)]

    names = await reader.judge(*values)
    again = await reader.judge(*(b'{"_schema":"%s"}' % name.encode() for name in names))

    assert len(asked) == len(names) == 20
    assert again == []


@pytest.mark.parametrize("url", ["http://x", "confluent://", "x"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"schemas\.registry_url"):
        ConfluentClient(url)

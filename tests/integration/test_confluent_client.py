"""Confluent's own Python client and serializers against our registry paths, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from tests.integration.registry_server import served
from tests.unit.api.registry_at_hand import RegistryAtHand

AVRO = json.dumps(
    {"type": "record", "name": "event", "fields": [{"name": "user_id", "type": "string"}]}
)
JSON = json.dumps(
    {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Event",
        "type": "object",
        "properties": {"user_id": {"type": "string"}},
        "required": ["user_id"],
    }
)
VALUE = SerializationContext("events", MessageField.VALUE)


@pytest.fixture
def registry() -> RegistryAtHand:
    return RegistryAtHand()


@pytest.fixture
def client(registry: RegistryAtHand) -> Iterator[SchemaRegistryClient]:
    with served(registry) as url:
        yield SchemaRegistryClient({"url": url})


def test_avro_serializer_registers_and_its_records_are_read_back(
    client: SchemaRegistryClient, registry: RegistryAtHand
) -> None:
    data = AvroSerializer(client, AVRO)({"user_id": "USER1"}, VALUE)

    assert data is not None and data[0] == 0
    entry = registry.registry.by_id[int.from_bytes(data[1:5], "big")]
    assert entry.name == "events-value"
    assert AvroDeserializer(client)(data, VALUE) == {"user_id": "USER1"}


def test_json_serializer_registers_and_its_records_are_read_back(
    client: SchemaRegistryClient, registry: RegistryAtHand
) -> None:
    data = JSONSerializer(JSON, client)({"user_id": "USER1"}, VALUE)

    assert data is not None
    assert JSONDeserializer(JSON, schema_registry_client=client)(data, VALUE) == {
        "user_id": "USER1"
    }


def test_serializer_of_a_registered_schema_needs_no_registration(
    client: SchemaRegistryClient, registry: RegistryAtHand
) -> None:
    client.register_schema("events-value", Schema(AVRO, "AVRO"))
    before = dict(registry.registry.rows())

    AvroSerializer(client, AVRO, conf={"auto.register.schemas": False, "use.latest.version": True})(
        {"user_id": "USER1"}, VALUE
    )

    assert dict(registry.registry.rows()) == before


def test_client_reads_what_it_registered(client: SchemaRegistryClient) -> None:
    schema_id = client.register_schema("events-value", Schema(AVRO, "AVRO"))

    version = client.get_latest_version("events-value")

    assert (version.schema_id, version.version, version.subject) == (schema_id, 1, "events-value")
    assert client.get_schema(schema_id).schema_type == "AVRO"
    assert client.get_subjects() == ["events-value"]
    assert client.get_versions("events-value") == [1]
    assert client.lookup_schema("events-value", Schema(AVRO, "AVRO")).schema_id == schema_id


def test_client_is_told_of_an_incompatible_schema(client: SchemaRegistryClient) -> None:
    client.register_schema("events-value", Schema(JSON, "JSON"))
    narrower = Schema(
        JSON.replace('"user_id": {"type": "string"}', '"user_id": {"type": "null"}'), "JSON"
    )

    assert client.test_compatibility("events-value", narrower) is False
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema("events-value", narrower)

    assert (refused.value.http_status_code, refused.value.error_code) == (409, 409)
    assert "TYPE_CHANGED" in str(refused.value)


def test_client_sets_levels(client: SchemaRegistryClient) -> None:
    client.set_compatibility("events-value", "FULL")

    assert client.get_compatibility("events-value") == "FULL"
    assert client.get_compatibility() == "BACKWARD"


def test_client_uses_references(client: SchemaRegistryClient) -> None:
    client.register_schema("event", Schema(AVRO, "AVRO"))
    order = json.dumps(
        {"type": "record", "name": "order", "fields": [{"name": "e", "type": "event"}]}
    )
    references = [SchemaReference("event", "event", 1)]

    serializer = AvroSerializer(client, Schema(order, "AVRO", references))
    data = serializer({"e": {"user_id": "U"}}, VALUE)

    assert AvroDeserializer(client)(data, VALUE) == {"e": {"user_id": "U"}}

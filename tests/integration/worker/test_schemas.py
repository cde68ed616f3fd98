"""The registry in real workers: Confluent's client, the commands, and what judges records."""

from __future__ import annotations

import getpass
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.store import schema_events
from dataquarantine.store.postgres import Database
from tests.integration.registry_server import served
from tests.integration.worker.stack import SCHEMAS, Stack, Worker, until
from tests.unit.api.registry_at_hand import RegistryAtHand

AVRO = {"type": "record", "name": "event", "fields": [{"name": "user_id", "type": "string"}]}


@pytest.fixture(params=["kafka", "tansu"])
def stack(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    real = request.param == "kafka"
    broker = request.getfixturevalue("kafka_cluster" if real else "tansu")
    name = f"t{uuid.uuid4().hex[:8]}"
    s3 = {
        "endpoint_url": objects_server.endpoint_url,
        "access_key": objects_server.access_key,
        "secret_key": objects_server.secret_key,
        "bucket": name,
    }
    made = Stack(tmp_path, broker.bootstrap_servers, real, database_url, s3, name)
    made.create_topics()
    yield made
    made.stop()


def registry(worker: Worker, path: str) -> Any:
    return json.loads(get(worker, f"/registry{path}"))


@pytest.mark.alone
def test_confluent_client_registers_on_one_worker_and_the_other_knows_within_a_second(
    stack: Stack,
) -> None:
    stack.pipeline = {"schema": {"from": "confluent"}}
    one, two = stack.start_worker(), stack.start_worker()
    context = SerializationContext("orders", MessageField.VALUE)

    config = {
        "url": f"http://127.0.0.1:{one.port}/registry",
        "basic.auth.user.info": "ann:secret",
    }
    with SchemaRegistryClient(config) as client:
        data = AvroSerializer(client, json.dumps(AVRO))({"user_id": "U1"}, context)
    registered = time.monotonic()
    until(lambda: registry(two, "/subjects") == ["orders-value"], 1.0, "the other worker knows")

    assert time.monotonic() - registered < 1.0
    stack.produce([data])
    assert [message.value() for message in stack.read(stack.valid, 1)] == [data]
    history = json.loads(get(two, "/api/v1/schemas/orders-value/history"))["items"]
    assert [(step["by"], step["to"]) for step in history] == [("ann", "enforced")]


def test_every_worker_keeps_the_rows_on_disk_and_rebuilds_a_wiped_folder(stack: Stack) -> None:
    one, two = stack.start_worker(), stack.start_worker()
    with SchemaRegistryClient({"url": f"http://127.0.0.1:{one.port}/registry"}) as client:
        for subject in ("orders", "payments"):
            client.register_schema(subject, Schema(json.dumps(AVRO), "AVRO"))
    keys = ["doc/orders/1.0.0", "doc/payments/1.0.0"]
    until(lambda: all(kept(worker, keys) for worker in (one, two)), 20, "both tables hold them")
    rows = kept(one, keys)
    served = registry(one, "/schemas")

    one.kill()
    two.kill()
    shutil.rmtree(stack.home / "worker-0")
    wiped = stack.start_worker(data_dir=str(stack.home / "worker-0"))
    same = stack.start_worker(data_dir=str(stack.home / "worker-1"))

    assert "2 schema versions lay on this worker's disk" in same.log.read_text()
    assert "lay on this worker's disk" not in wiped.log.read_text()
    for worker in (wiped, same):
        until(lambda: registry(worker, "/schemas") == served, 20, "the same versions")  # noqa: B023
        until(lambda: kept(worker, keys) == rows, 20, "the same rows on disk")  # noqa: B023
    page = json.loads(get(wiped, "/api/v1/tables"))
    tables = {table["name"]: table for table in page["items"]}
    assert tables["schemas"]["global"]


def kept(worker: Worker, keys: list[str]) -> dict[str, Any] | None:
    """Look the rows up in the table of a worker; None while one is missing."""
    try:
        found = [json.loads(get(worker, f"/api/v1/tables/schemas/{key}")) for key in keys]
    except urllib.error.HTTPError as exc:
        assert exc.code == 404
        assert json.loads(exc.read())["error_code"] == 40402
        return None
    return {row["key"]: row["value"] for row in found}


def get(worker: Worker, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}{path}", timeout=5) as answer:
        return bytes(answer.read())


def test_ids_are_read_through_from_another_registry_and_others_do_not_wait(stack: Stack) -> None:
    stack.pipeline = {"schema": {"from": "confluent"}}
    folder = {"folder": str(SCHEMAS), "topic": stack.schema_log}
    with served(RegistryAtHand()) as url:
        with SchemaRegistryClient({"url": url}) as client:
            context = SerializationContext("orders", MessageField.VALUE)
            data = AvroSerializer(client, json.dumps(AVRO))({"user_id": "U1"}, context)
        address = url.replace("http://", "confluent://")
        one = stack.start_worker(schemas={**folder, "registry_url": address})

        stack.produce([data, b"\0\0\0\0\x4d" + b"x", data])

        assert [message.value() for message in stack.read(stack.valid, 2)] == [data, data]
        (refused,) = stack.wait_for_rows(1)
        assert refused["error_type"] == "schema_not_found"
    two = stack.start_worker(schemas={**folder, "registry_url": address})
    one.kill()
    stack.produce([data])

    assert len(stack.read(stack.valid, 3)) == 3
    assert "could not be fetched" not in two.log.read_text()


def test_a_version_is_shadowed_enforced_and_rolled_back_from_the_command_line(
    stack: Stack,
) -> None:
    stack.start_worker()
    folder = stack.home / "repo" / "order"
    folder.mkdir(parents=True)
    config = stack.home / "worker-0.yaml"

    def dq(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dataquarantine", "--config", str(config), "schema", *words],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    write(folder, "1.0.0", {"id": {"type": "string"}, "note": {"type": "string"}}, ["id", "note"])
    dq("register", str(folder / "1.0.0.yaml"), "--state", "enforced", "--why", "first")
    write(folder, "2.0.0", {"id": {"type": "string"}}, ["id"])
    assert "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL" in dq(
        "check", str(folder / "2.0.0.yaml"), code=1
    )
    dq("register", str(folder / "2.0.0.yaml"), code=1)
    write(folder, "2.0.0", {"id": {"type": "string"}}, ["id"], compatibility="NONE")
    assert "register" in dq("sync", str(folder.parent), "--dry-run")
    dq("sync", str(folder.parent), "--why", "nobody writes notes")
    dq("state", "order@2.0.0", "shadow")
    noted = b'{"_schema":"order","id":"1","note":"x"}'
    stack.produce([noted, b'{"_schema":"order","id":"2"}', noted])
    assert len(stack.read(stack.valid, 2)) == 2
    until(lambda: shown(dq)["compared"] == 3, 20, "the shadow compared three records")
    assert (shown(dq)["newly_failing"], shown(dq)["newly_passing"]) == (2, 1)
    refused = dq("state", "order@2.0.0", "enforced", "--after-shadow", "10000", code=1)
    assert "3 of 10000 records" in refused
    refused = dq("state", "order@2.0.0", "enforced", "--max-new-failures", "0", code=1)
    assert "2 records would newly fail" in refused
    dq("state", "order@2.0.0", "enforced", "--why", "in a hurry")
    stack.produce([noted])
    assert stack.read(stack.dead_letter, 2)

    dq("rollback", "order", "--why", "orders with notes fail")
    time_out = time.monotonic() + 1.0
    while "enforced" not in dq("state", "order@1.0.0"):
        assert time.monotonic() < time_out
    stack.produce([noted])

    assert [message.value() for message in stack.read(stack.valid, 3)] == [noted] * 3
    database = Database(stack.database_url)
    lived = [
        ("1.0.0", None, "enforced", False),
        ("2.0.0", None, "registered", False),
        ("2.0.0", "registered", "shadow", False),
        ("2.0.0", "shadow", "enforced", False),
        ("2.0.0", "enforced", "shadow", True),
    ]
    until(lambda: len(schema_events.read(database, "order")) == len(lived), 20, "the events")
    rows = schema_events.read(database, "order")
    database.close()
    columns = ("version", "from_state", "to_state", "is_rollback")
    assert [tuple(row[column] for column in columns) for row in rows] == lived
    assert rows[3]["effect"]["newly_failing"] == 2
    metric = 'dataquarantine_shadow_disagreements_total{schema="order",version="2.0.0"}'
    assert float(stack.workers[0].metrics().partition(metric)[2].split()[0]) >= 3
    told = f"2.0.0 went from enforced to shadow, by {getpass.getuser()} (rollback): orders with"
    assert told in dq("history", "order")
    edited = (folder / "1.0.0.yaml").read_text().replace("An order.", "Another order.")
    (folder / "1.0.0.yaml").write_text(edited)
    assert "never changes" in dq("sync", str(folder.parent), code=1)


def shown(dq: Callable[..., str]) -> dict[str, Any]:
    """Ask what the shadow of version 2 has shown."""
    text = dq("state", "order@2.0.0", "--json")
    found: dict[str, Any] = json.loads(text)["shadow"]
    return found


def write(
    folder: Path, version: str, properties: dict[str, Any], required: list[str], **more: Any
) -> None:
    document = {
        "name": "order",
        "version": version,
        "description": "An order.",
        "schema": {
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": False,
        },
        **more,
    }  # fmt: skip
    (folder / f"{version}.yaml").write_text(yaml.safe_dump(document))

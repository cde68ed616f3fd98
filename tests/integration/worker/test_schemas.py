"""The registry in real workers: Confluent's client, the commands, and what judges records."""

from __future__ import annotations

import getpass
import json
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.store import schema_events
from dataquarantine.store.postgres import Database
from tests.integration.registry_server import served
from tests.integration.worker.conftest import stack_of
from tests.integration.worker.stack import PARTITIONS, SCHEMAS, Stack, Worker, until
from tests.unit.api.registry_at_hand import RegistryAtHand

PAGE = Path(__file__).parents[3] / "docs" / "concepts" / "schema-rollout.md"
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
    made = stack_of(tmp_path, broker.bootstrap_servers, real, database_url, objects_server)
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


def test_the_other_worker_judges_by_a_new_version_within_a_second(stack: Stack) -> None:
    one, two = stack.start_worker(), stack.start_worker()
    until(lambda: two.is_ready() and one.is_ready(), 30, "both hold partitions")
    both = [{"name": "order", "version": f"{n}.0.0", "schema": {"type": "object"}} for n in (1, 2)]
    for document in both:
        document["compatibility"] = "NONE"
    post(one, "/api/v1/schemas", {"document": both[0], "state": "enforced"})
    until(lambda: registry(two, "/subjects") == ["order"], 5, "the other worker has the first")

    registered_ms, sent = 0.0, 0
    while not registered_ms or time.time() * 1000 < registered_ms + 1500:
        record = b'{"_schema":"order"}'
        stack.produce([{"value": record, "partition": n} for n in range(PARTITIONS)])
        sent += PARTITIONS
        if not registered_ms and len(stack.committed(stack.source)) == PARTITIONS:
            post(one, "/api/v1/schemas", {"document": both[1], "state": "enforced"})
            registered_ms = time.time() * 1000

    judged = stack.read(stack.valid, sent)
    old = [m.timestamp()[1] for m in judged if versions(m) == b"order@1.0.0"]
    new = {m.partition() for m in judged if versions(m) == b"order@2.0.0"}
    print(f"the last record judged by the old version: {max(old) - registered_ms:+.0f} ms")
    assert max(old) < registered_ms + 1000
    assert new == set(range(PARTITIONS))


def post(worker: Worker, path: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{worker.port}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=15).close()


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


@pytest.mark.parametrize("stack", ["kafka"], indirect=True)
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


@pytest.fixture
def walk(stack: Stack) -> Walk:
    """The commands of the documented walk, to be run one after the other."""
    stack.start_worker()
    return Walk(stack)


class Walk:
    """Runs the walk through of `docs/concepts/schema-rollout.md`, in a repository of its own."""

    def __init__(self, stack: Stack) -> None:
        self.folder = stack.home / "repository"
        self.config = stack.home / "worker-0.yaml"
        text = PAGE.read_text().partition("## A walk through")[2].partition("\n## ")[0]
        self.commands = re.findall(r"^dataquarantine schema (.+)$", text, re.MULTILINE)

    def next(self, begins: str, code: int = 0) -> str:
        """Run the next command, which must begin so; returns what it prints."""
        command = self.commands.pop(0)
        assert command.startswith(begins)
        return self.run(command, code)

    def run(self, command: str, code: int = 0) -> str:
        prefix = [sys.executable, "-m", "dataquarantine", "--config", str(self.config), "schema"]
        done = subprocess.run(
            [*prefix, *shlex.split(command)],
            cwd=self.folder, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def file(self, version: str, fields: dict[str, Any], **more: Any) -> Path:
        """Write a version of the schema, closed, all of its fields required."""
        path = self.folder / "schemas" / "order" / f"{version}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = {
            "type": "object", "properties": fields, "required": [*fields],
            "additionalProperties": False,
        }  # fmt: skip
        document = {"name": "order", "version": version, "description": "An order."}
        path.write_text(json.dumps({**document, "schema": schema, **more}))  # which is YAML
        return path

    def shadow(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("state order@2.0.0 --json"))["shadow"]
        return found


TEXT = {"type": "string"}
NOTED = b'{"_schema":"order","id":"1","note":"x"}'
BARE = b'{"_schema":"order","id":"2"}'
NUMBERED = b'{"_schema":"order","id":3}'


@pytest.mark.parametrize("stack", ["kafka"], indirect=True)
def test_the_documented_walk_refuses_shadows_enforces_falls_back_and_rolls_back(
    stack: Stack, walk: Walk
) -> None:
    first = walk.file("1.0.0", {"id": TEXT, "note": TEXT})
    walk.file("2.0.0", {"id": TEXT})
    walk.next("register")
    assert "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL" in walk.next("check", code=1)
    assert "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL" in walk.next("check", code=1)
    walk.run("register schemas/order/2.0.0.yaml", code=1)
    walk.file("2.0.0", {"id": TEXT}, compatibility="NONE", fallback=["1.0.0"])
    assert "register" in walk.next("sync")
    walk.next("sync")

    walk.next("state order@2.0.0 shadow")
    log = stack.workers[0].log
    until(lambda: "order@2.0.0 in shadow judges" in log.read_text(), 20, "the worker knows")
    stack.produce([NOTED, BARE, NOTED])
    assert len(stack.read(stack.valid, 2)) == 2
    until(lambda: walk.shadow()["compared"] == 3, 60, "the shadow compared three records")
    assert (walk.shadow()["newly_failing"], walk.shadow()["newly_passing"]) == (2, 1)
    assert "3 of 10000 records" in walk.next("state order@2.0.0 enforced", code=1)
    refused = walk.run("state order@2.0.0 enforced --max-new-failures 0", code=1)
    assert "2 records would newly fail" in refused

    walk.next("state order@2.0.0 enforced")
    stack.produce([NOTED, BARE, NUMBERED])
    judged = stack.read(stack.valid, 4)[2:]
    assert [versions(message) for message in judged] == [b"order@1.0.0", b"order@2.0.0"]
    assert len(stack.read(stack.dead_letter, 2)) == 2
    walk.next("rollback")
    stack.produce([NOTED, BARE])

    assert versions(stack.read(stack.valid, 5)[-1]) == b"order@1.0.0"
    assert len(stack.read(stack.dead_letter, 3)) == 3
    who = getpass.getuser()
    assert [line[line.find(".0.0") - 1 :] for line in walk.next("history").splitlines()] == [
        f"1.0.0 was registered and is enforced, by {who}: first",
        f"2.0.0 was registered, by {who}: nobody writes notes",
        f"2.0.0 went from registered to shadow, by {who}: see it on live orders",
        f"2.0.0 went from shadow to enforced, by {who}: in a hurry",
        "2.0.0 in shadow: 3 records compared, 2 newly failing (UNKNOWN_FIELD 2), 1 newly passing",
        f"2.0.0 went from enforced to shadow, by {who} (rollback): orders with notes fail",
    ]
    assert walk.commands == []
    assert_reported(stack)
    first.write_text(first.read_text().replace("An order.", "Another order."))
    assert "never changes" in walk.run("sync schemas", code=1)


def versions(message: Any) -> bytes:
    """Say which version accepted a record."""
    return bytes(dict(message.headers())["__dq.schema"])


def assert_reported(stack: Stack) -> None:
    """The same life is in Postgres, and its effect in the metrics."""
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

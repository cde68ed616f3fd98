"""`dataquarantine quarantine` on real stores."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from click.testing import CliRunner, Result
from sqlalchemy import text

from dataquarantine.cli import main
from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.records import Record
from dataquarantine.settings import KafkaSettings, S3Settings, Settings
from dataquarantine.store.postgres import Database
from dataquarantine.topics import create_topics
from tests.unit.quarantine.factories import CLUSTER, dead_letters, source

Run = Callable[..., Result]


NO_BROKER = "127.0.0.1:1"


@pytest.fixture
def environment(database_url: str, s3_settings: S3Settings, tmp_path: Path) -> dict[str, str]:
    """Name the stores of this test in variables."""
    assert s3_settings.access_key and s3_settings.secret_key and s3_settings.endpoint_url
    return {
        "DQ_CLUSTER_ID": CLUSTER,
        "DQ_POSTGRES__URL": database_url,
        "DQ_KAFKA__BOOTSTRAP_SERVERS": NO_BROKER,
        "DQ_KAFKA__IDEMPOTENCE": "false",
        "DQ_SPOOL__FOLDER": str(tmp_path / "spool"),
        "DQ_S3__ENDPOINT_URL": s3_settings.endpoint_url,
        "DQ_S3__BUCKET": s3_settings.bucket,
        "DQ_S3__ACCESS_KEY": s3_settings.access_key.get_secret_value(),
        "DQ_S3__SECRET_KEY": s3_settings.secret_key.get_secret_value(),
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Run a command on the stores of this test."""

    def run_one(*arguments: str) -> Result:
        return CliRunner(env=environment).invoke(main, arguments, catch_exceptions=False)

    return run_one


@pytest.fixture
def broker(tmp_path: Path, environment: dict[str, str]) -> Iterator[EmbeddedBroker]:
    """A broker with the gateway's topics, all empty."""
    broker = EmbeddedBroker(tmp_path)
    broker.start()
    environment["DQ_KAFKA__BOOTSTRAP_SERVERS"] = broker.bootstrap_servers
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
    asyncio.run(create_topics(Settings(kafka=kafka), partitions=1))
    yield broker
    broker.stop()


async def produce(broker: EmbeddedBroker, letters: list[Record]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    await producer.start()
    for letter in letters:
        await producer.send_and_wait("quarantine-dlq", letter.value, key=letter.key)
    await producer.stop()


def items(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["items"]
    return found


def test_list_shows_what_the_filters_choose(run: Run, sink: QuarantineSink) -> None:
    sink.store(dead_letters([source(n) for n in range(3)]))

    everything = run("quarantine", "list", "--json")
    one = run("quarantine", "list", "--q", "raw-events/0/2", "--json")
    none = run("quarantine", "list", "--schema", "other")
    page = json.loads(run("quarantine", "list", "--limit", "2", "--json").stdout)

    assert len(items(everything)) == 3
    assert [item["offset"] for item in items(one)] == [2]
    assert (none.stdout, none.exit_code) == ("", 0)
    assert len(page["items"]) == 2
    assert page["next"]


def test_show_gives_reasons_and_on_request_the_original(run: Run, sink: QuarantineSink) -> None:
    sink.store(dead_letters([source(1, b' {"a": 1.10}')]))
    [item] = items(run("quarantine", "list", "--json"))

    plain = json.loads(run("quarantine", "show", item["id"], "--json").stdout)
    full = json.loads(run("quarantine", "show", item["id"], "--payload", "--json").stdout)

    assert plain["violations"][0]["message"] == "'user_id' is a required property"
    assert "payload" not in plain
    assert full["payload"] == ' {"a": 1.10}'


def test_show_of_an_unknown_id_is_refused(run: Run) -> None:
    result = run("quarantine", "show", "00000000-0000-0000-0000-000000000000")

    assert result.exit_code == 1
    assert "there is no quarantined record" in result.stderr


@pytest.mark.parametrize("moment", ["soon", "7", "d"])
def test_a_wrong_time_is_wrong_usage(run: Run, moment: str) -> None:
    result = run("quarantine", "list", "--from", moment)

    assert result.exit_code == 2
    assert "2h, 7d" in result.stderr


def statuses(run: Run) -> dict[int, str]:
    return {item["offset"]: item["status"] for item in items(run("quarantine", "list", "--json"))}


def test_decisions_and_purges_survive_a_lost_database(
    run: Run, sink: QuarantineSink, broker: EmbeddedBroker, database: Database
) -> None:
    letters = dead_letters([source(n, b'{"n": %d}' % n, key=b"k%d" % (n % 3)) for n in range(9)])
    asyncio.run(produce(broker, letters))
    sink.store(letters)
    why = ("--reason", "test data", "--yes", "--json")

    discarded = run("quarantine", "discard", "--key", "k1", *why)
    purged = run("quarantine", "purge", "--key", "k2", *why)
    before = statuses(run)
    database.transact(lambda c: c.execute(text("TRUNCATE quarantine_records, purged_records")))
    rebuilt = run("quarantine", "rebuild", "--json")

    assert json.loads(discarded.stdout)["discarded"] == 3
    assert json.loads(purged.stdout)["purged"] == 3
    assert before == {n: "discarded" if n % 3 == 1 else "stored" for n in range(9) if n % 3 < 2}
    assert json.loads(rebuilt.stdout) == {"read": 9, "rows": 6, "payloads": 0, "decisions": 3}
    assert statuses(run) == before
    keys = {item["key"] for item in items(run("quarantine", "list", "--json"))}
    assert all(key.startswith("hmac:") for key in keys), "a rebuilt row shows its key"


def test_a_payload_is_read_from_the_topic_while_s3_is_away(
    run: Run, sink: QuarantineSink, broker: EmbeddedBroker, objects_server: EmbeddedObjects
) -> None:
    letters = dead_letters([source(n, b'{"n": %d}' % n) for n in range(3)])
    asyncio.run(produce(broker, letters))
    objects_server.stop()
    sink.store(letters)
    [item] = items(run("quarantine", "list", "--q", "raw-events/0/1", "--json"))

    shown = json.loads(run("quarantine", "show", item["id"], "--payload", "--json").stdout)

    assert (shown["status"], shown["payload"]) == ("quarantined", '{"n": 1}')


def test_a_decision_without_a_broker_is_refused_and_changes_nothing(
    run: Run, sink: QuarantineSink
) -> None:
    sink.store(dead_letters([source(1)]))

    result = run("quarantine", "discard", "--q", "raw-events/0/1", "--reason", "r", "--yes")

    assert result.exit_code == 1
    assert "dataquarantine-outcomes is unavailable" in result.stderr
    assert statuses(run) == {1: "stored"}


@pytest.mark.parametrize("command", ["discard", "purge"])
def test_a_dry_run_changes_nothing(run: Run, sink: QuarantineSink, command: str) -> None:
    sink.store(dead_letters([source(1)]))

    result = run("quarantine", command, "--key", "k", "--reason", "r", "--dry-run", "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["dry_run"] is True
    assert statuses(run) == {1: "stored"}


@pytest.mark.parametrize("command", ["discard", "purge"])
def test_everything_at_once_is_not_what_anybody_means(run: Run, command: str) -> None:
    result = run("quarantine", command, "--reason", "r", "--yes")

    assert result.exit_code == 2
    assert "at least one filter" in result.stderr


def test_export_gives_reasons_and_originals_as_lines(run: Run, sink: QuarantineSink) -> None:
    sink.store(dead_letters([source(n, b'{"n": %d}' % n) for n in range(3)]))

    result = run("quarantine", "export", "--schema", "user_event")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert sorted(line["payload"] for line in lines) == ['{"n": 0}', '{"n": 1}', '{"n": 2}']
    assert {line["code"] for line in lines} == {"MISSING_FIELD"}


def test_gc_keeps_what_rows_lead_to(run: Run, sink: QuarantineSink) -> None:
    sink.store(dead_letters([source(n) for n in range(3)]))

    result = run("quarantine", "gc", "--json")

    assert json.loads(result.stdout) == {
        "seen": 3,
        "removed": 0,
        "kept": 0,
        "erased": 0,
        "dry_run": False,
    }


def test_an_incident_is_listed_shown_resolved_and_exported(
    run: Run, sink: QuarantineSink, broker: EmbeddedBroker
) -> None:
    sink.store(dead_letters([source(n) for n in range(3)]))

    [incident] = items(run("incidents", "list", "--state", "open", "--json"))
    name = incident["fingerprint"]
    shown = json.loads(run("incidents", "show", name, "--json").stdout)
    resolved = run("incidents", "resolve", name, "--reason", "mended", "--json")
    twice = run("incidents", "resolve", name, "--reason", "again")
    exported = run("incidents", "export", name).stdout.splitlines()

    assert (incident["record_count"], len(shown["trend"])) == (3, 24)
    assert json.loads(resolved.stdout)["state"] == "resolved"
    assert (twice.exit_code, "can't become" in twice.stderr) == (1, True)
    assert items(run("incidents", "list", "--state", "open", "--json")) == []
    assert len(exported) == 3

"""`dataquarantine quarantine` on real stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dataquarantine.cli import main
from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.settings import S3Settings
from tests.unit.quarantine.factories import dead_letters, source

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, s3_settings: S3Settings) -> Run:
    """Run a command on the stores of this test."""
    assert s3_settings.access_key and s3_settings.secret_key
    environment = {
        "DQ_POSTGRES__URL": database_url,
        "DQ_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "DQ_S3__ENDPOINT_URL": s3_settings.endpoint_url,
        "DQ_S3__BUCKET": s3_settings.bucket,
        "DQ_S3__ACCESS_KEY": s3_settings.access_key.get_secret_value(),
        "DQ_S3__SECRET_KEY": s3_settings.secret_key.get_secret_value(),
    }

    def run_one(*arguments: str) -> Result:
        return CliRunner(env=environment).invoke(main, arguments, catch_exceptions=False)

    return run_one


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

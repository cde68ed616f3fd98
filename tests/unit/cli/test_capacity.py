"""`capacity`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from dataquarantine.cli import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["capacity", *arguments])


def test_capacity_names_everything_that_a_rate_needs() -> None:
    result = run("--rate", "1000000", "--record-bytes", "500", "--invalid", "0.02")

    assert result.exit_code == 0
    for what in ("workers", "partitions", "brokers", "postgres", "s3", "money"):
        assert f"\n{what}" in f"\n{result.stdout}"
    assert "us a valid record" in result.stderr


def test_capacity_for_programs_says_what_it_is_based_on() -> None:
    found = json.loads(run("--rate", "1e5", "--assume", "usd_per_core_hour=0.03", "--json").stdout)

    assert found["workers"] >= 2
    assert found["assumed"]["usd_per_core_hour"] == 0.03
    assert found["measured"]["at"]


@pytest.mark.parametrize("assumption", ["no_such=1", "replication=many"])
def test_capacity_refuses_assumptions_that_mean_nothing(assumption: str) -> None:
    result = run("--rate", "1000", "--assume", assumption)

    assert result.exit_code == 2
    assert assumption.partition("=")[0] in result.output

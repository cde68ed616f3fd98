"""The arithmetic of the capacity model."""

from __future__ import annotations

import pytest

from dataquarantine.capacity.figures import Assumed, Measured, measured
from dataquarantine.capacity.model import Flow, cost_us, plan

MEASURED = Measured(
    at="2026-01-01",
    machine="a machine",
    source="a test",
    record_bytes=200,
    valid_us=10.0,
    valid_us_per_kb=2.0,
    invalid_us=100.0,
    stored_rows_per_s=5000,
    worker_mb=200.0,
)
ASSUMED = Assumed()


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        pytest.param(Flow(1, 200, 0.0), 10.0, id="as-measured"),
        pytest.param(Flow(1, 100, 0.0), 10.0, id="smaller-is-no-cheaper"),
        pytest.param(Flow(1, 200 + 2048, 0.0), 14.0, id="two-kib-more"),
        pytest.param(Flow(1, 200, 0.02), 12.0, id="two-percent-invalid"),
    ],
)
def test_cost_of_a_record(flow: Flow, expected: float) -> None:
    assert cost_us(flow, MEASURED) == pytest.approx(expected)


def test_workers_keep_room_to_catch_up() -> None:
    found = plan(Flow(600_000, 200, 0.0), MEASURED, ASSUMED)

    assert found.cores_busy == pytest.approx(6.0)
    assert found.workers == 10
    assert found.partitions == 24


def test_little_traffic_still_needs_what_survives_a_loss() -> None:
    found = plan(Flow(10, 200, 0.0), MEASURED, ASSUMED)

    assert (found.workers, found.brokers, found.stores.databases) == (2, 3, 1)


def test_brokers_write_every_output_as_often_as_it_is_replicated() -> None:
    found = plan(Flow(100_000, 1000, 0.0), MEASURED, ASSUMED)

    assert found.written_mb_s == pytest.approx(3 * (100 + 107))
    assert found.brokers == 5


def test_more_rows_than_a_database_takes_are_said_and_counted() -> None:
    found = plan(Flow(100_000, 200, 0.2), MEASURED, ASSUMED)

    assert found.stores.databases == 4
    assert any("more than one Postgres" in remark for remark in found.remarks)
    assert any("s3.layout" in remark for remark in found.remarks)


def test_money_is_the_sum_of_its_parts() -> None:
    money = plan(Flow(100_000, 200, 0.02), MEASURED, ASSUMED).money

    parts = (money.workers, money.brokers, money.disks, money.stores, money.puts)
    assert money.total == pytest.approx(sum(parts) + money.between_zones)


def test_shipped_figures_can_be_read() -> None:
    assert measured().valid_us > 0

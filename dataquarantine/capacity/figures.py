"""What the model starts from: our own measurements, and what it assumes of others."""

from __future__ import annotations

from importlib.resources import files

import msgspec


class Measured(msgspec.Struct, frozen=True):
    """What a benchmark run found; `make bench-docs` writes it anew from the results.

    valid_us: CPU microseconds of a worker for a valid record of `record_bytes`; valid_us_per_kb:
        for each KiB more. invalid_us: what a refused record costs on top, its way into both stores
        included, at the share where it costs most. stored_rows_per_s: refused records that one
        Postgres and one bucket took.
    """

    at: str
    machine: str
    source: str
    record_bytes: int
    valid_us: float
    valid_us_per_kb: float
    invalid_us: float
    stored_rows_per_s: float
    worker_mb: float


class Assumed(msgspec.Struct, frozen=True):
    """What we did not measure. Prices: cloud list prices by order of magnitude, in US dollars.

    utilisation: share of a worker's core that a steady flow may use; the rest catches up after a
        restart. broker_write_mb_s, broker_read_mb_s: what a broker takes and gives, with copies.
    """

    utilisation: float = 0.6
    replication: int = 3
    broker_write_mb_s: float = 150.0
    broker_read_mb_s: float = 400.0
    partition_mb_s: float = 10.0
    least_brokers: int = 3
    kafka_retention_hours: float = 24.0
    stores_retention_days: float = 30.0
    row_bytes: int = 1500
    letter_bytes: int = 1500
    header_bytes: int = 70
    segment_records: int = 500
    zones: int = 3
    usd_per_core_hour: float = 0.05
    broker_cores: int = 4
    usd_per_disk_gb_month: float = 0.08
    usd_per_object_gb_month: float = 0.023
    store_cores: int = 8
    usd_per_million_puts: float = 5.0
    usd_per_gb_between_zones: float = 0.02


def measured() -> Measured:
    """Read the figures that this version was measured with."""
    text = files("dataquarantine.capacity").joinpath("measured.json").read_bytes()
    return msgspec.json.decode(text, type=Measured)

"""From a rate to workers, partitions, brokers, stores, network and money.

Linear on purpose: a record costs what was measured, nothing is shared between workers but the
broker and the stores. docs/scaling.md says where the line ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from dataquarantine.capacity.figures import Assumed, Measured

MB = 1e6
GB = 1e9
HOURS_A_MONTH = 730
SECONDS_A_MONTH = HOURS_A_MONTH * 3600


@dataclass(frozen=True, slots=True)
class Flow:
    """What comes in: records a second, their bytes, and the share that is refused."""

    rate: float
    record_bytes: int
    invalid: float


@dataclass(frozen=True, slots=True)
class Stores:
    """What goes into Postgres and S3."""

    rows_per_s: float
    databases: int
    rows_gb: float
    puts_per_s_by_record: float
    puts_per_s_by_segment: float
    objects_gb: float


@dataclass(frozen=True, slots=True)
class Money:
    """US dollars a month, by part. Machines: what computes; the rest is bytes, kept or moved."""

    workers: float
    brokers: float
    disks: float
    stores: float
    puts: float
    between_zones: float

    @property
    def machines(self) -> float:
        return self.workers + self.brokers

    @property
    def total(self) -> float:
        parts = (self.workers, self.brokers, self.disks, self.stores, self.puts)
        return sum(parts) + self.between_zones


@dataclass(frozen=True, slots=True)
class Plan:
    """What a flow needs; one worker is one core."""

    cores_busy: float
    workers: int
    workers_gb: float
    partitions: int
    brokers: int
    written_mb_s: float
    read_mb_s: float
    kafka_disk_gb: float
    stores: Stores
    money: Money
    remarks: tuple[str, ...]


def plan(flow: Flow, measured: Measured, assumed: Assumed) -> Plan:
    """Compute what a flow needs."""
    cores = flow.rate * cost_us(flow, measured) / 1e6
    workers = max(2, ceil(cores / assumed.utilisation))
    written, read = traffic_mb_s(flow, assumed)
    brokers = max(
        assumed.least_brokers,
        ceil(written / assumed.broker_write_mb_s),
        ceil(read / assumed.broker_read_mb_s),
    )
    disk_gb = written * MB * assumed.kafka_retention_hours * 3600 / GB
    stores = _stores(flow, measured, assumed)
    return Plan(
        cores_busy=cores,
        workers=workers,
        workers_gb=workers * measured.worker_mb / 1000,
        partitions=_partitions(flow, workers, assumed),
        brokers=brokers,
        written_mb_s=written,
        read_mb_s=read,
        kafka_disk_gb=disk_gb,
        stores=stores,
        money=_money(flow, workers, brokers, disk_gb, stores, assumed),
        remarks=tuple(_remarks(flow, stores, measured)),
    )


def cost_us(flow: Flow, measured: Measured) -> float:
    """CPU microseconds of a worker for a record of the flow."""
    more_kb = max(0, flow.record_bytes - measured.record_bytes) / 1024
    valid = measured.valid_us + more_kb * measured.valid_us_per_kb
    return valid + flow.invalid * measured.invalid_us


def traffic_mb_s(flow: Flow, assumed: Assumed) -> tuple[float, float]:
    """What all brokers together write to disk, and send out: followers, us, one reader of each."""
    source = flow.rate * flow.record_bytes
    valid = flow.rate * (1 - flow.invalid) * (flow.record_bytes + assumed.header_bytes)
    letters = flow.rate * flow.invalid * (flow.record_bytes + assumed.letter_bytes)
    once = source + valid + letters
    return once * assumed.replication / MB, once * assumed.replication / MB


def _partitions(flow: Flow, workers: int, assumed: Assumed) -> int:
    """Two a worker, so that workers can be added; more where bytes ask for it; a multiple of 12."""
    by_bytes = ceil(flow.rate * flow.record_bytes / MB / assumed.partition_mb_s)
    return 12 * ceil(max(2 * workers, by_bytes) / 12)


def _stores(flow: Flow, measured: Measured, assumed: Assumed) -> Stores:
    rows = flow.rate * flow.invalid
    kept = rows * 86_400 * assumed.stores_retention_days
    return Stores(
        rows_per_s=rows,
        databases=max(1, ceil(rows / measured.stored_rows_per_s)),
        rows_gb=kept * assumed.row_bytes / GB,
        puts_per_s_by_record=rows,
        puts_per_s_by_segment=rows / assumed.segment_records,
        objects_gb=kept * (flow.record_bytes + assumed.letter_bytes) / GB,
    )


def _money(
    flow: Flow, workers: int, brokers: int, disk_gb: float, stores: Stores, assumed: Assumed
) -> Money:
    core_month = assumed.usd_per_core_hour * HOURS_A_MONTH
    once_gb_s = traffic_mb_s(flow, assumed)[0] / assumed.replication / 1000
    elsewhere = 1 - 1 / assumed.zones
    copies = assumed.replication - 1 if assumed.zones > 1 else 0
    crossing_gb_s = once_gb_s * (2 * elsewhere + copies)  # in, out, and to the followers
    puts = stores.puts_per_s_by_segment * SECONDS_A_MONTH / 1e6
    return Money(
        workers=workers * core_month,
        brokers=brokers * assumed.broker_cores * core_month,
        disks=(disk_gb + stores.rows_gb) * assumed.usd_per_disk_gb_month,
        stores=stores.databases * assumed.store_cores * core_month
        + stores.objects_gb * assumed.usd_per_object_gb_month,
        puts=puts * assumed.usd_per_million_puts,
        between_zones=crossing_gb_s * SECONDS_A_MONTH * assumed.usd_per_gb_between_zones,
    )


def _remarks(flow: Flow, stores: Stores, measured: Measured) -> list[str]:
    found = []
    if flow.invalid > 0.5:
        found.append("above 50 % invalid the breaker closes the source: this flow would stop")
    if stores.databases > 1:
        found.append(
            f"{stores.rows_per_s:,.0f} rows/s are more than one Postgres took "
            f"({measured.stored_rows_per_s:,.0f}): one gateway and database per group of topics, "
            "or let the dead letter topic hold the flood and the stores follow"
        )
    if stores.puts_per_s_by_record > 3500:
        found.append("set s3.layout to segment or auto: S3 takes 3,500 PUT/s a prefix")
    return found

"""`dataquarantine capacity`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from dataquarantine.cli.context import emit, json_option, remark

if TYPE_CHECKING:
    from dataquarantine.capacity.figures import Measured
    from dataquarantine.capacity.model import Plan


@click.command(
    epilog="Example: dataquarantine capacity --rate 1000000 --record-bytes 500 --invalid 0.02"
)
@click.option("--rate", type=click.FloatRange(min=1), required=True, help="Records a second.")
@click.option(
    "--record-bytes",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Bytes of a record's value.",
)
@click.option(
    "--invalid",
    type=click.FloatRange(0, 1),
    default=0.02,
    show_default=True,
    help="Share of records that are refused.",
)
@click.option(
    "--assume",
    metavar="NAME=VALUE",
    multiple=True,
    help="Another assumption than the model's, e.g. usd_per_core_hour=0.03; --json lists them.",
)
@json_option
def capacity(
    rate: float, record_bytes: int, invalid: float, assume: tuple[str, ...], as_json: bool
) -> None:
    """Say what a rate needs: workers, partitions, brokers, stores, network and money.

    From the cost of a record as it was measured (docs/performance.md); docs/scaling.md explains the
    model and what to change in which order.
    """
    from dataquarantine.capacity.figures import measured
    from dataquarantine.capacity.model import Flow, plan

    figures, assumed = measured(), _assumed(assume)
    found = plan(Flow(rate, record_bytes, invalid), figures, assumed)
    if as_json:
        basis = {"measured": _plain(figures), "assumed": _plain(assumed)}
        total = {"usd_per_month": round(found.money.total)}
        emit(asdict(found) | total | basis, as_json=True)
        return
    emit(_rows(found), as_json=False)
    remark(_basis(figures))
    for text in found.remarks:
        remark(f"note: {text}")


def _assumed(texts: tuple[str, ...]) -> Any:
    import msgspec

    from dataquarantine.capacity.figures import Assumed

    values = dict(text.partition("=")[::2] for text in texts)
    if unknown := set(values) - set(Assumed.__struct_fields__):
        known = ", ".join(Assumed.__struct_fields__)
        raise click.UsageError(f"--assume {min(unknown)}: known are {known}")
    try:
        return msgspec.convert(values, Assumed, strict=False)
    except msgspec.ValidationError as exc:
        raise click.UsageError(f"--assume: {exc}") from exc


def _rows(found: Plan) -> dict[str, str]:
    stores, money = found.stores, found.money
    return {
        "workers": f"{found.workers} (one core each; {found.cores_busy:.1f} busy)",
        "memory": f"{found.workers_gb:.1f} GB",
        "partitions": f"{found.partitions}",
        "brokers": f"{found.brokers}",
        "kafka writes": f"{found.written_mb_s:,.0f} MB/s, {found.kafka_disk_gb:,.0f} GB kept",
        "kafka sends": f"{found.read_mb_s:,.0f} MB/s",
        "postgres": f"{stores.rows_per_s:,.0f} rows/s, {stores.rows_gb:,.0f} GB kept, "
        f"{stores.databases} database(s)",
        "s3": f"{stores.puts_per_s_by_segment:,.1f} PUT/s (segment) or "
        f"{stores.puts_per_s_by_record:,.0f} (record), {stores.objects_gb:,.0f} GB kept",
        "money": f"${money.total:,.0f} a month: workers {money.workers:,.0f}, "
        f"brokers {money.brokers:,.0f}, disks {money.disks:,.0f}, stores {money.stores:,.0f}, "
        f"PUTs {money.puts:,.0f}, between zones {money.between_zones:,.0f}",
    }


def _basis(figures: Measured) -> str:
    return (
        f"from {figures.valid_us:g} us a valid record, {figures.invalid_us:g} us more a refused "
        f"one ({figures.at}, {figures.machine}); the rest is assumed, --json lists it"
    )


def _plain(struct: Any) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(struct)
    return plain

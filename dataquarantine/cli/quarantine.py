"""`dataquarantine quarantine`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from dataquarantine.cli.context import current_settings, emit, emit_list, json_option, remark
from dataquarantine.errors import DataQuarantineError

if TYPE_CHECKING:
    from dataquarantine.quarantine.desk import Desk
    from dataquarantine.store.queries import Filters

T = TypeVar("T")

COLUMNS = (
    *("quarantined_at", "id", "topic", "partition", "offset", "schema_name", "schema_version"),
    *("error_type", "code", "field_path", "status"),
)


_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType):
    """A time: how long ago (`90m`, `2h`, `7d`) or ISO 8601; UTC where no zone is given."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        text = str(value)
        if text[:-1].isdecimal() and text[-1:] in _UNITS:
            return datetime.now(UTC) - timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no time; try 2h, 7d or 2025-12-27T16:00:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_FILTERS = (
    click.option("--schema", help="Name, or name@version."),
    click.option("--error-type", help="As in `schema_violation`."),
    click.option("--code", help="As in MISSING_FIELD."),
    click.option("--status", help="As in stored, in_review, discarded."),
    click.option("--topic", help="The source topic."),
    click.option("--incident", "fingerprint", help="Fingerprint, as `incidents list` shows it."),
    click.option("--key", help="The record's key."),
    click.option(
        "--from", "since", type=Moment(), help="Quarantined since: 2h, 7d, or a time in ISO 8601."
    ),
    click.option(
        "--to", "until", type=Moment(), help="Quarantined before: 2h, 7d, or a time in ISO 8601."
    ),
    click.option("--q", help="An id, topic/partition/offset, key, field, or part of a message."),
)


def filter_options(command: Callable[..., T]) -> Callable[..., T]:
    """Add the options that choose records; the command gets them as `filters`."""

    @wraps(command)
    def with_filters(**options: Any) -> T:
        from dataquarantine.store.queries import Filters

        names = Filters.__dataclass_fields__
        chosen = {name: options.pop(name) for name in names if name in options}
        return command(filters=Filters(**chosen), **options)

    for option in reversed(_FILTERS):
        with_filters = option(with_filters)
    return with_filters


def desk() -> Desk:
    """Open the stores that the settings name."""
    from dataquarantine.quarantine.desk import Desk

    return Desk(current_settings())


@click.group(epilog="Example: dataquarantine quarantine list --schema user_event --from 1h")
def quarantine() -> None:
    """Look at quarantined records."""


@quarantine.command("list", epilog="Example: dataquarantine quarantine list --code MISSING_FIELD")
@filter_options
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--cursor", help="Go on where a page ended.")
@json_option
def list_(filters: Filters, limit: int, cursor: str | None, as_json: bool) -> None:
    """List records, newest first."""
    with desk() as stores:
        page = stores.queries.page(filters, limit=limit, cursor=cursor)
    emit_list(
        page.items,
        columns=COLUMNS,
        as_json=as_json,
        cursor=page.next,
        empty="no quarantined record matches",
    )


@quarantine.command(epilog="Example: dataquarantine quarantine show 4f1c... --payload")
@click.argument("record_id", type=click.UUID)
@click.option("--payload", is_flag=True, help="Fetch the original record too; it is not masked.")
@json_option
def show(record_id: UUID, payload: bool, as_json: bool) -> None:
    """Show one record and everything that is wrong with it."""
    with desk() as stores:
        item = stores.queries.get(record_id)
        if item is None:
            raise DataQuarantineError(f"there is no quarantined record {record_id}")
        if payload:
            item = {**item, **_original(stores, item)}
    emit(item, as_json=as_json)


def _original(stores: Desk, item: dict[str, Any]) -> dict[str, Any]:
    from dataquarantine.quarantine.envelope import text_of

    envelope = stores.payloads.envelope(item)
    remark("the payload is shown unmasked")
    return {"payload": text_of(envelope.payload()), "headers": envelope.source_headers}

"""`dataquarantine quarantine`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from dataquarantine.cli.context import (
    current_settings,
    emit,
    emit_list,
    json_option,
    limit_option,
    reason_option,
    remark,
)
from dataquarantine.cli.stores import signed, stores, url_option

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

        # Not `ids`: where a command takes some, they are arguments of its own.
        names = Filters.__dataclass_fields__.keys() - {"ids"}
        chosen = {name: options.pop(name) for name in names if name in options}
        pseudonym = _pseudonym(chosen.get("key"), chosen.get("q"))
        return command(filters=Filters(**chosen, pseudonym=pseudonym), **options)

    for option in reversed(_FILTERS):
        with_filters = option(with_filters)
    return with_filters


def _pseudonym(key: str | None, q: str | None) -> str | None:
    """Say what rows hold instead of the key that is asked for, if one is."""
    from dataquarantine.quarantine.private_keys import PrivateKeys

    asked = key or (q or "").strip()
    return PrivateKeys.from_settings(current_settings()).pseudonym(asked) if asked else None


def change_options(command: Callable[..., T]) -> Callable[..., T]:
    """Add the options of every command that changes something."""
    command = click.option("--yes", is_flag=True, help="Don't ask.")(command)
    return click.option("--dry-run", is_flag=True, help="Only say what would change.")(command)


def why_option(command: Callable[..., T]) -> Callable[..., T]:
    """Add the option that unmasks through an API."""
    text = "With --url: unmask, if your token may; kept in the audit log. Stores are not masked."
    return click.option("--why", help=text)(command)


def write_lines(filters: Filters, output: IO[str], why: str | None) -> None:
    """Export records as NDJSON."""
    count = 0
    with stores() as opened:
        for line in opened.export(filters, why):
            output.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    remark(f"exported {count} records; from the stores, payloads are unmasked")


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal's standard error; give what moves it."""
    with click.progressbar(length=total or 0, label=label, show_pos=True, file=sys.stderr) as bar:
        if not sys.stderr.isatty():
            yield lambda _: None
            return
        yield bar.update


def desk() -> Desk:
    """Open the stores that the settings name."""
    from dataquarantine.quarantine.desk import Desk

    return Desk(current_settings())


@click.group(epilog="Example: dataquarantine quarantine list --schema user_event --from 1h")
def quarantine() -> None:
    """Look at quarantined records, give them up, erase or rebuild them."""


@quarantine.command("list", epilog="Example: dataquarantine quarantine list --code MISSING_FIELD")
@filter_options
@url_option
@limit_option
@click.option("--cursor", help="Go on where a page ended.")
@json_option
def list_(filters: Filters, limit: int, cursor: str | None, as_json: bool) -> None:
    """List records, newest first."""
    with stores() as opened:
        page = opened.records(filters, limit, cursor)
    emit_list(
        page.items,
        columns=COLUMNS,
        as_json=as_json,
        cursor=page.next,
        empty="no quarantined record matches",
    )


@quarantine.command(epilog="Example: dataquarantine quarantine show 4f1c... --payload")
@click.argument("record_id", type=click.UUID)
@click.option("--payload", is_flag=True, help="Fetch the original record too.")
@why_option
@url_option
@json_option
def show(record_id: UUID, payload: bool, why: str | None, as_json: bool) -> None:
    """Show one record and everything that is wrong with it."""
    with stores() as opened:
        item = opened.record(record_id)
        if payload:
            item = {**item, **opened.original(record_id, why)}
            remark("the payload is shown as whoever asks may see it; from the stores, unmasked")
    emit(item, as_json=as_json)


def _need_a_choice(ids: tuple[UUID, ...], filters: Filters) -> None:
    from dataquarantine.store.queries import Filters

    if not ids and filters == Filters():
        raise click.UsageError("name records by id or by at least one filter")


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True, err=True)


@quarantine.command("export", epilog="Example: dataquarantine quarantine export --code NOT_JSON")
@filter_options
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8"),
    default="-",
    help="A file; default standard output.",
)
@why_option
@url_option
def export_(filters: Filters, output: IO[str], why: str | None) -> None:
    """Write records with their original payloads as NDJSON, newest first."""
    write_lines(filters, output, why)


@quarantine.command(epilog='Example: dataquarantine quarantine discard ID --why "test data"')
@click.argument("ids", nargs=-1, type=click.UUID)
@filter_options
@reason_option("Kept with the record.")
@change_options
@url_option
@json_option
def discard(
    ids: tuple[UUID, ...], filters: Filters, reason: str, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Give up records: those of IDS, or all that the filters choose."""
    _need_a_choice(ids, filters)
    with stores() as opened:
        if ids:
            if not dry_run:
                for record_id in ids:
                    opened.discard_one(record_id, signed(reason))
            emit({"discarded": 0 if dry_run else len(ids), "dry_run": dry_run}, as_json=as_json)
            return
        count = opened.count(filters)
        if not dry_run:
            _confirm(f"Discard up to {count} records?", yes)
            with progress("discarding", count) as step:
                count = opened.discard(filters, signed(reason), step)
    emit(
        {"discarded": 0 if dry_run else count, "matching": count, "dry_run": dry_run},
        as_json=as_json,
    )


@quarantine.command(epilog='Example: dataquarantine quarantine purge --key u-17 --why "GDPR 12"')
@click.option("--where", "q", help="An id or topic/partition/offset, as in `list --q`.")
@click.option("--key", help="The record's key.")
@click.option("--schema", help="Name, or name@version.")
@reason_option("Kept in the audit log; no personal data here.")
@change_options
@json_option
def purge(
    q: str | None,
    key: str | None,
    schema: str | None,
    reason: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase records for good: row, object, member of a segment, spool. Only ids stay noted.

    By key, also what is kept of remediated records. Object lock holds payloads until it ends;
    `quarantine gc` erases them then.
    """
    from dataquarantine.store.queries import Filters

    filters = Filters(q=q, key=key, schema=schema, pseudonym=_pseudonym(key, q))
    _need_a_choice((), filters)
    with desk() as stores:
        count = stores.queries.count(filters)
        if dry_run:
            emit({"purged": 0, "matching": count, "dry_run": True}, as_json=as_json)
            return
        _confirm(f"Erase {count} records? Nothing brings them back", yes)
        with progress("purging", count) as step:
            purged = stores.purge.run(filters, signed(reason), step)
        retention_days = stores.dead_letter_retention_days()
    result: dict[str, Any] = {
        "purged": purged.records,
        "originals": purged.originals,
        "waiting": purged.waiting,
    }
    if purged.last_quarantined is not None and retention_days is not None:
        gone = purged.last_quarantined + timedelta(days=retention_days)
        result["dead_letter_topic_forgets_by"] = gone.isoformat()
    if purged.waiting:
        remark(
            "payloads still in a spool, or under object lock, are erased by `quarantine gc` later"
        )
    emit(result, as_json=as_json)


@quarantine.command(epilog="Example: dataquarantine quarantine rebuild")
@json_option
def rebuild(as_json: bool) -> None:
    """Bring back rows, payloads and decisions from the topics; safe to repeat."""
    with desk() as stores, progress("reading dead letters", None) as step:
        rebuilt = stores.rebuild(step)
    emit(asdict(rebuilt), as_json=as_json)


@quarantine.command(epilog="Example: dataquarantine quarantine gc --dry-run")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_option
def gc(dry_run: bool, as_json: bool) -> None:
    """Remove objects that no row leads to and whose records are safe elsewhere or expired."""
    with desk() as stores, progress("looking at objects", None) as step:
        collected = stores.collect_orphans(dry_run=dry_run, progress=step)
    emit({**asdict(collected), "dry_run": dry_run}, as_json=as_json)

"""`dataquarantine replay`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from dataquarantine.cli.context import current_settings, emit, emit_list, json_option, remark
from dataquarantine.cli.quarantine import desk, filter_options
from dataquarantine.cli.stores import signed

if TYPE_CHECKING:
    from dataquarantine.replay.service import Replays
    from dataquarantine.schemas.files import ListedSchema
    from dataquarantine.store.queries import Filters

COLUMNS = ("created_at", "id", "state", "on_failure", "created_by", "why")
COUNTS = (
    *("selected", "would_pass", "would_fail", "unchanged"),
    *("pending", "sent", "reprocessed", "failed_again", "parked", "skipped"),
)
job_argument = click.argument("job_id", metavar="REPLAY", type=click.UUID)
why_option = click.option("--why", required=True, help="Kept with the replay and its records.")


@click.group(epilog='Example: dataquarantine replay plan --incident v1:4f1c... --why "renamed"')
def replay() -> None:
    """Repair quarantined records and publish them again."""


@replay.command(epilog='Example: dataquarantine replay plan --code MISSING_FIELD --why "default"')
@click.option("--id", "ids", multiple=True, type=click.UUID, help="A record; may be repeated.")
@filter_options
@click.option(
    "--recipe", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="YAML or JSON: a list of remediation steps.",
)  # fmt: skip
@click.option(
    "--patch", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="JSON: a JSON Patch (RFC 6902) for every record.",
)  # fmt: skip
@click.option(
    "--edit", nargs=2, multiple=True, metavar="ID FILE", help="One record's new payload, JSON.",
)  # fmt: skip
@click.option("--pin", help="Judge by this schema: name@version.")
@click.option("--target", help="A topic of your own; default: through the pipeline again.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Records a second at most.")
@click.option(
    "--on-failure", type=click.Choice(["stop_on_error", "park", "skip"]),
    default="stop_on_error", show_default=True,
)  # fmt: skip
@why_option
@json_option
def plan(
    ids: tuple[UUID, ...],
    filters: Filters,
    recipe: Path | None,
    patch: Path | None,
    edit: tuple[tuple[str, str], ...],
    pin: str | None,
    target: str | None,
    rate: float | None,
    on_failure: str,
    why: str,
    as_json: bool,
) -> None:
    """Choose records and a repair, and try it on all of them; publishes nothing.

    Exit code 1 when one would not pass.
    """
    wanted = {
        "selection": _selection(ids, filters),
        "repair": _repair(recipe, patch, edit),
        "schema": pin,
        "target": target,
        "rate_per_s": rate,
        "on_failure": on_failure,
        "why": why,
    }
    with replays() as (service, schemas):
        job_id = service.create(_request(wanted), signed(why), can_unmask=True)
        _work(schemas, job_id)
        view = service.jobs.view(job_id)
    _show(view, as_json=as_json)
    if view["counts"]["would_pass"] < view["counts"]["selected"]:
        click.get_current_context().exit(1)


@replay.command(epilog='Example: dataquarantine replay run 5d0c... --why "approved by ann"')
@job_argument
@why_option
@json_option
def run(job_id: UUID, why: str, as_json: bool) -> None:
    """Publish what was planned; goes on where it was cut off."""
    from dataquarantine.replay.jobs import JobState

    with replays() as (service, schemas):
        if service.jobs.job(job_id).state is JobState.PLANNED:
            service.tell(job_id, "run", signed(why))
        _work(schemas, job_id)
        view = service.jobs.view(job_id)
    _show(view, as_json=as_json)
    if view["state"] == "failed":
        click.get_current_context().exit(1)


@replay.command(epilog="Example: dataquarantine replay status 5d0c...")
@job_argument
@json_option
def status(job_id: UUID, as_json: bool) -> None:
    """Show where a replay stands."""
    from dataquarantine.replay.jobs import ReplayJobs

    with desk() as stores:
        _show(ReplayJobs(stores.database).view(job_id), as_json=as_json)


@replay.command("list", epilog="Example: dataquarantine replay list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List replays, newest first."""
    from dataquarantine.replay.jobs import ReplayJobs

    with desk() as stores:
        rows = ReplayJobs(stores.database).page(limit=limit)
    emit_list(rows, columns=COLUMNS, as_json=as_json, empty="there was no replay yet")


@replay.command(epilog='Example: dataquarantine replay pause 5d0c... --why "peak hour"')
@job_argument
@why_option
@json_option
def pause(job_id: UUID, why: str, as_json: bool) -> None:
    """Stop publishing for now."""
    _tell(job_id, "pause", why, as_json)


@replay.command(epilog='Example: dataquarantine replay resume 5d0c... --why "peak is over"')
@job_argument
@why_option
@json_option
def resume(job_id: UUID, why: str, as_json: bool) -> None:
    """Let a paused or failed replay go on; a worker takes it up."""
    _tell(job_id, "resume", why, as_json)


@replay.command(epilog='Example: dataquarantine replay cancel 5d0c... --why "wrong recipe"')
@job_argument
@why_option
@json_option
def cancel(job_id: UUID, why: str, as_json: bool) -> None:
    """Give a replay up; what is published stays published."""
    _tell(job_id, "cancel", why, as_json)


@contextmanager
def replays() -> Iterator[tuple[Replays, tuple[ListedSchema, ...]]]:
    """Open what makes replays, and the schemas that judge."""
    from dataquarantine.cli.schema_log import reachable_registry
    from dataquarantine.replay.service import Replays
    from dataquarantine.schemas.catalog import Catalog
    from dataquarantine.schemas.files import SchemaFiles
    from dataquarantine.schemas.source import RegistrySource

    settings = current_settings()
    schemas = settings.schemas
    registry = reachable_registry()
    catalog = Catalog(
        [
            *([RegistrySource(registry)] if registry is not None else []),
            SchemaFiles(schemas.folder, ttl_s=schemas.ttl_s),
        ],
        model_packages=schemas.model_packages,
    )
    catalog.refresh()
    with desk() as stores:
        service = Replays(settings, stores.database, stores.payloads, catalog, stores.clock)
        yield service, catalog.versions()


def _work(schemas: tuple[ListedSchema, ...], job_id: UUID) -> None:
    """Do the job here, unless a worker was faster: then wait for it."""
    from dataquarantine.replay.process import follow

    follow(current_settings(), schemas, job_id)


def _tell(job_id: UUID, verb: str, why: str, as_json: bool) -> None:
    from dataquarantine.clock import SystemClock
    from dataquarantine.replay.jobs import ReplayJobs

    with desk() as stores:
        jobs = ReplayJobs(stores.database)
        jobs.tell(job_id, verb, signed(why), SystemClock().now())
        _show(jobs.view(job_id), as_json=as_json)


def _selection(ids: tuple[UUID, ...], filters: Filters) -> dict[str, Any]:
    from dataclasses import asdict

    given = {name: value for name, value in asdict(filters).items() if value is not None}
    given.pop("pseudonym", None)
    if bool(ids) == bool(given):
        raise click.UsageError("choose records either by --id or by at least one filter")
    if ids:
        return {"ids": list(ids)}
    if set(given) == {"fingerprint"}:
        return {"incident": given["fingerprint"]}
    renamed = {"fingerprint": "incident", "since": "from", "until": "to"}
    return {"filters": {renamed.get(name, name): value for name, value in given.items()}}


def _repair(
    recipe: Path | None, patch: Path | None, edits: tuple[tuple[str, str], ...]
) -> dict[str, Any]:
    import yaml

    if sum(map(bool, (recipe, patch, edits))) > 1:
        raise click.UsageError("one of --recipe, --patch and --edit")
    if recipe is not None:
        return {"kind": "recipe", "steps": yaml.safe_load(recipe.read_text("utf-8"))}
    if patch is not None:
        return {"kind": "patch", "patch": json.loads(patch.read_text("utf-8"))}
    if edits:
        payloads = {record_id: json.loads(Path(f).read_text("utf-8")) for record_id, f in edits}
        return {"kind": "edit", "edits": payloads}
    return {"kind": "none"}


def _request(wanted: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    from dataquarantine.replay.requests import NewReplay

    try:
        return NewReplay.model_validate(wanted)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise click.UsageError(f"{place}: {first['msg']}") from exc


def _show(view: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(view, as_json=True)
        return
    counts = view["counts"]
    shown = {name: view[name] for name in ("id", "state", "why", "error")}
    emit({**shown, **{name: counts[name] for name in COUNTS}}, as_json=False)
    for reason in view["reasons"]:
        remark(f"{reason['count']:,} x {reason['code']} at {reason['field_path'] or 'N/A'}")

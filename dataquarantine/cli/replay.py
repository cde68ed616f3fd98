"""`dataquarantine replay`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import click

from dataquarantine.cli.context import emit, emit_list, json_option, limit_option, remark
from dataquarantine.cli.quarantine import filter_options
from dataquarantine.cli.stores import Item, given_token, given_url, url_option

if TYPE_CHECKING:
    from dataquarantine.replay.requests import NewReplay
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
    help="When a record does not pass: end the run, park it for people, or leave it open.",
)  # fmt: skip
@why_option
@url_option
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
    view = replays().plan(_request(wanted))
    _show(view, as_json=as_json)
    if view["counts"]["would_pass"] < view["counts"]["selected"]:
        click.get_current_context().exit(1)


@replay.command(epilog='Example: dataquarantine replay run 5d0c... --why "approved by ann"')
@job_argument
@why_option
@url_option
@json_option
def run(job_id: UUID, why: str, as_json: bool) -> None:
    """Publish what was planned; goes on where it was cut off."""
    view = replays().run(job_id, why)
    _show(view, as_json=as_json)
    if view["state"] == "failed":
        click.get_current_context().exit(1)


@replay.command(epilog="Example: dataquarantine replay status 5d0c...")
@job_argument
@url_option
@json_option
def status(job_id: UUID, as_json: bool) -> None:
    """Show where a replay stands."""
    _show(replays().view(job_id), as_json=as_json)


@replay.command("list", epilog="Example: dataquarantine replay list")
@limit_option
@url_option
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List replays, newest first."""
    rows = replays().page(limit)
    emit_list(rows, columns=COLUMNS, as_json=as_json, empty="there was no replay yet")


@replay.command(epilog='Example: dataquarantine replay pause 5d0c... --why "peak hour"')
@job_argument
@why_option
@url_option
@json_option
def pause(job_id: UUID, why: str, as_json: bool) -> None:
    """Stop publishing for now."""
    _show(replays().tell(job_id, "pause", why), as_json=as_json)


@replay.command(epilog='Example: dataquarantine replay resume 5d0c... --why "peak is over"')
@job_argument
@why_option
@url_option
@json_option
def resume(job_id: UUID, why: str, as_json: bool) -> None:
    """Let a paused or failed replay go on; a worker takes it up."""
    _show(replays().tell(job_id, "resume", why), as_json=as_json)


@replay.command(epilog='Example: dataquarantine replay cancel 5d0c... --why "wrong recipe"')
@job_argument
@why_option
@url_option
@json_option
def cancel(job_id: UUID, why: str, as_json: bool) -> None:
    """Give a replay up; what is published stays published."""
    _show(replays().tell(job_id, "cancel", why), as_json=as_json)


class ReplayDesk(Protocol):
    """What the commands need; the same answers from the stores and from an API."""

    def plan(self, wanted: NewReplay) -> Item: ...
    def run(self, job_id: UUID, why: str) -> Item: ...
    def view(self, job_id: UUID) -> Item: ...
    def page(self, limit: int) -> list[Item]: ...
    def tell(self, job_id: UUID, verb: str, why: str) -> Item: ...


def replays() -> ReplayDesk:
    """Choose the API that `--url` names, else the stores that the settings name."""
    if url := given_url():
        from dataquarantine.cli.remote_replays import RemoteReplays

        return RemoteReplays(url, given_token())
    from dataquarantine.cli.local_replays import LocalReplays

    return LocalReplays()


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


def _request(wanted: Mapping[str, Any]) -> NewReplay:
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

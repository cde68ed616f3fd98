"""`dataquarantine schema register|sync|state|rollback`."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataquarantine.cli import schema_healing
from dataquarantine.cli.context import current_settings, emit, emit_list, json_option, remark
from dataquarantine.cli.schema_log import answer_row, propose_all, read_registry
from dataquarantine.errors import ConfigError, SchemaNotFound

if TYPE_CHECKING:
    from dataquarantine.schemas.proposals import Answer

STATES = ("registered", "shadow", "enforced", "deprecated", "retired")
why_option = click.option("--why", default="", help="Why; kept in the history.")
by_option = click.option(
    "--who",
    "--by",
    "by",
    default=getpass.getuser,
    show_default="your user",
    help="Who; kept in the history.",
)
timeout_option = click.option(
    "--timeout",
    "timeout_s",
    default=30.0,
    show_default=True,
    help="Seconds to wait for a worker's answer.",
)


@click.command(epilog="Example: dataquarantine schema register schemas/user_event/1.1.0.yaml")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--state",
    type=click.Choice(STATES[:3]),
    default="registered",
    show_default=True,
    help="Where the versions start.",
)
@why_option
@by_option
@timeout_option
@json_option
@click.pass_context
def register(
    context: click.Context,
    files: tuple[Path, ...],
    state: str,
    why: str,
    by: str,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Register versions; the same content again changes nothing.

    Each is checked as `schema check` does. Exit code 1 when one is refused.
    """
    from dataquarantine.schemas.files import load_schema_file
    from dataquarantine.schemas.plan import in_order, propose_registration
    from dataquarantine.schemas.states import State

    documents = in_order([load_schema_file(file) for file in files])
    proposals = [
        propose_registration(document, by=by, why=why, state=State(state)) for document in documents
    ]
    answers = propose_all(proposals, timeout_s)
    emit_list([answer_row(a) for a in answers], columns=("schema", "id", "result"), as_json=as_json)
    if not all(answer.accepted for answer in answers):
        context.exit(1)


@click.command(epilog="Example: dataquarantine schema sync schemas/ --dry-run")
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--dry-run", is_flag=True, help="Check and print the plan; write nothing.")
@why_option
@by_option
@timeout_option
@json_option
@click.pass_context
def sync(
    context: click.Context,
    folder: Path | None,
    dry_run: bool,
    why: str,
    by: str,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Register what is new in FOLDER (default: the settings' folder); for a Git pipeline.

    A released version that was edited is refused: it needs a new version. Nothing is written when
    any file is refused. Exit code 1 then.
    """
    from dataquarantine.schemas.files import SchemaFiles
    from dataquarantine.schemas.plan import Action, plan

    files = SchemaFiles(folder or current_settings().schemas.folder)
    documents = [listed.document for listed in files.read()]
    registry = read_registry()
    steps = list(plan(registry, documents, by=by, why=why, now=datetime.now(UTC)))
    rows = [
        {"schema": s.reference, "action": s.action.value, "reasons": "; ".join(s.reasons)}
        for s in steps
    ]
    rows += [
        {"schema": p.where, "action": Action.REFUSED.value, "reasons": p.problem}
        for p in files.problems
    ]
    refused = any(row["action"] == Action.REFUSED.value for row in rows)
    proposals = [step.proposal for step in steps if step.proposal is not None]
    if not (dry_run or refused):
        for answer in propose_all(proposals, timeout_s) if proposals else ():
            if not answer.accepted:
                # somebody else registered in between
                refused = True
                remark(f"{answer.name}@{answer.version} {answer.message}")
    emit_list(
        rows, columns=("schema", "action", "reasons"), as_json=as_json, empty="no schemas found"
    )
    if refused:
        remark("nothing was written" if not dry_run else "this would be refused")
        context.exit(1)


@click.command(
    epilog="Example: dataquarantine schema state user_event@1.1.0 enforced "
    "--after-shadow 10000 --max-new-failures 0"
)
@click.argument("reference")
@click.argument("new_state", required=False, type=click.Choice(STATES))
@click.option(
    "--after-shadow", type=click.IntRange(0), help="Records it must have judged in shadow."
)
@click.option(
    "--max-new-failures",
    type=click.IntRange(0),
    help="Records that passed before and may fail now.",
)
@click.option(
    "--sampling",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Share of the traffic that a shadow judges.",
)
@click.option("--force", is_flag=True, help="Also take the last enforced version away.")
@why_option
@by_option
@timeout_option
@json_option
@click.pass_context
def state(
    context: click.Context,
    reference: str,
    new_state: str | None,
    after_shadow: int | None,
    max_new_failures: int | None,
    sampling: float,
    force: bool,
    why: str,
    by: str,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Show the state of NAME@VERSION, or move it to another one.

    After `enforced`: says how many open records would pass now, of the 20,000 newest, and how to
    replay them. Exit code 1 when the move is refused.
    """
    from dataquarantine.schemas.proposals import Guard, SetState
    from dataquarantine.schemas.states import State

    name, _, version = reference.partition("@")
    if new_state is None:
        registry = read_registry()
        entry = registry.entry(name, version) if version else registry.enforced(name)
        if entry is None:
            raise SchemaNotFound(name, version or None)
        shown: dict[str, Any] = {
            "schema": f"{entry.name}@{entry.version}",
            "state": entry.state.value,
            "id": entry.id,
            "since": entry.since,
        }
        figures = registry.shadow_figures(name, entry.version)
        if figures is not None:
            shown |= {"sampling": entry.sampling, "shadow": figures.to_json()}
        emit(shown, as_json=as_json)
        return
    if not version:
        raise ConfigError(f"{reference} names no version; write NAME@VERSION")
    guard = None
    if after_shadow is not None or max_new_failures is not None:
        guard = Guard(after_shadow=after_shadow or 0, max_new_failures=max_new_failures)
    proposal = SetState(
        by=by,
        why=why,
        name=name,
        version=version,
        state=State(new_state),
        guard=guard,
        sampling=sampling,
        force=force,
    )
    _finish(context, propose_all([proposal], timeout_s), as_json)


@click.command(epilog="Example: dataquarantine schema rollback user_event --why 'orders fail'")
@click.argument("name")
@why_option
@by_option
@timeout_option
@json_option
@click.pass_context
def rollback(
    context: click.Context, name: str, why: str, by: str, timeout_s: float, as_json: bool
) -> None:
    """Enforce the version before again; the one that failed goes back to shadow."""
    from dataquarantine.schemas.proposals import Rollback

    _finish(context, propose_all([Rollback(by=by, why=why, name=name)], timeout_s), as_json)


def _finish(context: click.Context, answers: Sequence[Answer], as_json: bool) -> None:
    (answer,) = answers
    healed = schema_healing.healed_by(answer)
    emit({**answer_row(answer), "healed": healed}, as_json=as_json, text=answer.message)
    if healed is not None:
        schema_healing.tell(answer, healed)
    if not answer.accepted:
        context.exit(1)

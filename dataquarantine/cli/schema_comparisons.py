"""`dataquarantine schema diff|check|history`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataquarantine.cli.context import emit, emit_list, json_option
from dataquarantine.cli.schema_log import find_document, read_registry, siblings
from dataquarantine.errors import SchemaNotFound

if TYPE_CHECKING:
    from dataquarantine.schemas.compatibility import CompatibilityReport
    from dataquarantine.schemas.documents import SchemaDocument

MODES = (
    "NONE",
    "BACKWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
)


@click.command(
    epilog="Example: dataquarantine schema diff user_event@1.0.0 schemas/user_event/1.1.0.yaml"
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--policy",
    type=click.Choice(["STRICT", "LENIENT"]),
    default="STRICT",
    show_default=True,
    help="LENIENT takes it that nobody sends fields which no schema declares.",
)
@json_option
def diff(old: str, new: str, policy: str, as_json: bool) -> None:
    """List what changes from OLD to NEW, both ways; each is a file or NAME@VERSION."""
    from dataquarantine.schemas.changes import both_ways
    from dataquarantine.schemas.compatibility import Policy

    rows = both_ways(find_document(old), find_document(new), Policy(policy))
    emit_list(
        rows,
        columns=("direction", "compatible", "code", "pointer", "message"),
        as_json=as_json,
        empty="no difference",
    )


@click.command(
    epilog="Example: dataquarantine schema check schemas/user_event/1.1.0.yaml --offline"
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--against", multiple=True, help="Compare with these: files or NAME@VERSION.")
@click.option("--mode", type=click.Choice(MODES), help="Default: as registering would use.")
@click.option(
    "--policy",
    type=click.Choice(["STRICT", "LENIENT"]),
    help="How strictly differences are judged; default: as registering would.",
)
@click.option("--offline", is_flag=True, help="Compare with the files beside it, ask no broker.")
@json_option
@click.pass_context
def check(
    context: click.Context,
    file: Path,
    against: tuple[str, ...],
    mode: str | None,
    policy: str | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Tell whether FILE may follow the registered versions, and with which version number.

    Where a record shows that it may not, the record is printed. Exit code 1 for no.
    """
    from dataquarantine.schemas import compatibility
    from dataquarantine.schemas.files import load_schema_file
    from dataquarantine.schemas.registry import Registry
    from dataquarantine.schemas.versions import (
        check_bump,
        predecessor,
        required_bump,
        version_key,
    )

    document = load_schema_file(file)
    registry = Registry() if offline or against else read_registry()
    if against:
        earlier = [find_document(each) for each in against]
    elif offline:
        earlier = siblings(file, document)
    else:
        earlier = [e.document for e in registry.versions(document.name) if e.state != "retired"]
    chosen_policy = compatibility.Policy(policy) if policy else registry.policy(document.name)
    chosen: Any = mode or registry.compatibility(document.name, document)
    if not against:
        below = version_key(document.version)
        earlier = [d for d in earlier if version_key(d.version) < below]
    report = compatibility.check(document, earlier, chosen, chosen_policy)
    result = {"schema": document.reference, "mode": chosen, **report.to_json()}
    before = predecessor(document.version, [d.version for d in earlier])
    problem = None
    if before is not None:
        older = next(d for d in earlier if d.version == before)
        bump, _ = required_bump(document, older, chosen, chosen_policy)
        problem = check_bump(document.version, before, bump, ())
        result |= {"required_bump": str(bump), "version_problem": problem and problem.reason}
    emit(result, as_json=as_json, text=_verdict(document, report, chosen, problem))
    if problem is not None or not report.compatible:
        context.exit(1)


@click.command(epilog="Example: dataquarantine schema history user_event")
@click.argument("name")
@json_option
def history(name: str, as_json: bool) -> None:
    """Tell the life of a schema: who, when, what, why, and its effect on the traffic."""
    from dataquarantine.schemas.lives import life

    rows = life(read_registry(), name)
    if not rows:
        raise SchemaNotFound(name)
    if as_json:
        emit_list(rows, columns=(), as_json=True)
        return
    for row in rows:
        click.echo(_told(row))


def _told(row: dict[str, Any]) -> str:
    what = "was registered" if row["from"] is None else f"went from {row['from']} to {row['to']}"
    if row["from"] is None and row["to"] != "registered":
        what += f" and is {row['to']}"
    text = f"{row['at']}  {row['version']} {what}, by {row['by']}"
    text += " (rollback)" if row["rollback"] else ""
    text += f": {row['why']}" if row["why"] else ""
    effect = row["effect"]
    if effect:
        codes = ", ".join(f"{code} {count}" for code, count in effect["by_code"].items())
        text += (
            f"\n    {row['version']} in shadow: {effect['compared']} records compared, "
            f"{effect['newly_failing']} newly failing{f' ({codes})' if codes else ''}, "
            f"{effect['newly_passing']} newly passing"
        )
    return text


def _verdict(document: SchemaDocument, report: CompatibilityReport, mode: str, problem: Any) -> str:
    if not report.compared:
        return f"{document.reference}: nothing to compare with ({mode})"
    lines = [
        f"{document.reference} is {'' if report.compatible else 'not '}compatible "
        f"({mode}, {report.policy})"
    ]
    lines += [f"  {reason}" for reason in report.reasons()]
    if report.has_counter_example:
        shown = json.dumps(report.counter_example, ensure_ascii=False)
        lines += [f"  a record that shows it: {shown}", f"    {report.counter_reason}"]
    if problem is not None:
        lines.append(f"  {problem.reason}")
    return "\n".join(lines)

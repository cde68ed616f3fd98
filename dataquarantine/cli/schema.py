"""`dataquarantine schema`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataquarantine.cli import schema_backtest, schema_changes, schema_comparisons, schema_trials
from dataquarantine.cli.context import current_settings, emit, emit_list, json_option, remark
from dataquarantine.cli.schema_log import reachable_registry
from dataquarantine.errors import SchemaNotFound

if TYPE_CHECKING:
    from dataquarantine.schemas.documents import SchemaDocument


@click.group(epilog="Example: dataquarantine schema list")
def schema() -> None:
    """Look at schemas, check their files, register and roll out versions."""


for _command in (
    schema_changes.register,
    schema_changes.sync,
    schema_changes.state,
    schema_changes.rollback,
    schema_comparisons.diff,
    schema_comparisons.check,
    schema_comparisons.history,
    schema_backtest.backtest,
    schema_trials.infer,
    schema_trials.test,
):
    schema.add_command(_command)


files_option = click.option(
    "--offline", "--files", "files", is_flag=True, help="Look at the folder, ask no broker."
)


@schema.command("list", epilog="Example: dataquarantine schema list --json")
@files_option
@json_option
def list_(files: bool, as_json: bool) -> None:
    """List the registered versions with their states, and the files of names not registered.

    Without a broker, or before anything is registered: the files alone. Unusable files are named
    by `schema lint`.
    """
    from dataquarantine.schemas.catalog import FileCatalog
    from dataquarantine.schemas.lives import summary

    registry = None if files else reachable_registry()
    names = registry.names if registry is not None else {}
    rows = [summary(e) for name in sorted(names) if registry for e in registry.versions(name)]
    catalog = FileCatalog.from_settings(current_settings())
    catalog.refresh()
    listed = [each.document for each in catalog.versions()]
    rows += [_row(document) for document in listed if document.name not in names]
    columns = ("name", "version", "state", "id", "type", "owner", "key", "description")
    emit_list(rows, columns=columns, as_json=as_json, empty="no schemas found")


@schema.command(epilog="Example: dataquarantine schema show user_event@1.0.0")
@click.argument("reference")
@files_option
@json_option
def show(reference: str, files: bool, as_json: bool) -> None:
    """Print one schema: REFERENCE is NAME (its enforced version) or NAME@VERSION.

    A name that is not registered is looked for in the folder.
    """
    import yaml

    from dataquarantine.dev.samples import sample_schema
    from dataquarantine.schemas.reviews import canonical

    registry = None if files else reachable_registry()
    name, _, version = reference.partition("@")
    if registry is not None and name in registry.names:
        entry = registry.entry(name, version) if version else registry.enforced(name)
        if entry is None:
            raise SchemaNotFound(name, version or None)
        remark(f"{entry.name}@{entry.version} is {entry.state} since {entry.since}, id {entry.id}")
        values = canonical(entry.document)
        shown = {**values, "state": entry.state.value, "id": entry.id} if as_json else values
    else:
        document = sample_schema(current_settings(), reference)
        shown = values = canonical(document)
    emit(shown, as_json=as_json, text=yaml.safe_dump(values, sort_keys=False).rstrip())


@schema.command(epilog="Example: dataquarantine schema lint schemas/user_event/1.0.0.yaml")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--skip", default="", metavar="NAME,...", help="Checks to leave out, by name.")
@json_option
@click.pass_context
def lint(context: click.Context, paths: tuple[Path, ...], skip: str, as_json: bool) -> None:
    """Check schema files or folders (default: the settings' folder).

    A file must be readable, compile, accept its examples and refuse its counter_examples. It is
    also checked for contradictions, patterns without a limit, unknown formats, required properties
    that nothing defines, missing texts and names that are not in snake_case. Exit code 1 when
    something was found.
    """
    from dataquarantine.schemas.checks import CHECK_NAMES
    from dataquarantine.schemas.lint import lint_paths

    skipped = [name.strip() for name in skip.split(",") if name.strip()]
    if unknown := sorted(set(skipped) - set(CHECK_NAMES)):
        raise click.UsageError(f"no check {', '.join(unknown)}; known: {', '.join(CHECK_NAMES)}")
    schemas = current_settings().schemas
    findings = lint_paths(
        paths or (schemas.folder,), skip=skipped, model_packages=schemas.model_packages
    )
    rows = [
        {"where": f.where, "check": f.check, "problem": f.problem, "excerpt": f.excerpt or None}
        for f in findings
    ]
    columns = ("where", "check", "problem")
    emit_list(rows, columns=columns, as_json=as_json, empty="no problems found")
    for each in findings:
        if each.excerpt and not as_json:
            click.echo(f"\n{each.where}\n{each.excerpt}")
    if findings:
        context.exit(1)


def _row(document: SchemaDocument) -> dict[str, Any]:
    from dataquarantine.schemas.lives import described

    return {
        "name": document.name,
        "version": document.version,
        "id": None,
        "state": "file",
        **described(document),
    }

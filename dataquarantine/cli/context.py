"""What the commands share: settings, options and how results are printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # 0.1 s that `--help` does without
    from dataquarantine.settings import Settings

_TOLD = "dataquarantine.told"

#: `--json`: the option of every command that prints a result.
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
#: `--profile` of what compares with the topics as they should be.
profile_option = click.option(
    "--profile",
    type=click.Choice(["dev", "production"]),
    default="dev",
    show_default=True,
    help="production: three replicas, two of them in sync.",
)
#: `--limit` of the lists.
limit_option = click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="How many at most.",
)


def reason_option(text: str) -> Callable[[Any], Any]:
    """Make the option of a change that is kept with its reason."""
    return click.option("--why", "--reason", "reason", required=True, help=text)


def current_settings() -> Settings:
    """Read the settings that the command line, the environment or a running `dev` name.

    Raises: ConfigError.
    """
    from dataquarantine.settings import load_settings

    root = click.get_current_context().find_root()
    if root.obj and not root.meta.get(_TOLD):
        root.meta[_TOLD] = True
        remark(f"using the development environment of {root.obj}")
    return load_settings()


def remark(text: str) -> None:
    """Say something that is not a result."""
    click.echo(text, err=True)


def emit(result: Mapping[str, Any], *, as_json: bool, text: str | None = None) -> None:
    """Print one result: JSON, or `text`, or `key: value` lines."""
    if as_json:
        click.echo(json.dumps(result, default=str, ensure_ascii=False))
    elif text is not None:
        click.echo(text)
    else:
        width = max(map(len, result), default=0)
        for key, value in result.items():
            click.echo(f"{key:<{width}}  {_cell(value)}")


def emit_list(
    rows: Sequence[Mapping[str, Any]],
    *,
    columns: Sequence[str],
    as_json: bool,
    cursor: str | None = None,
    empty: str = "nothing found",
) -> None:
    """Print a list: `{"items": [...], "next": cursor or null}`, or a table of `columns`."""
    if as_json:
        page = {"items": list(rows), "next": cursor}
        click.echo(json.dumps(page, default=str, ensure_ascii=False))
        return
    if not rows:
        remark(empty)
        return
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    heads = [column.replace("_", " ") for column in columns]
    widths = [max(map(len, each)) for each in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        padded = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())
    if cursor:
        remark(f"more: --cursor {cursor}")


@contextmanager
def progress(label: str, length: int | None) -> Iterator[Callable[[int], None]]:
    """Give a function that moves a bar by a number of steps; no bar without terminal or length."""
    if not length or not sys.stderr.isatty():
        yield lambda _: None
        return
    bar: Any
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


def _cell(value: Any) -> str:
    if value is None:
        return "N/A"
    if isinstance(value, dict | list):
        return json.dumps(value, default=str, ensure_ascii=False)
    # A record's own words may hold control characters that a terminal would obey.
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(value)
    )

"""`dataquarantine validate`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import click

from dataquarantine.cli.context import emit, emit_list, json_option, progress

if TYPE_CHECKING:
    from dataquarantine.cli.offline import OfflineJudge
    from dataquarantine.cli.record_files import Format

#: Findings shown in full unless told otherwise; all are counted.
SHOWN = 20
FORMATS = click.Choice(["ndjson", "json", "avro"])


@click.command(epilog="Example: dataquarantine validate events.ndjson --schema user_event")
@click.argument("files", nargs=-1, required=True, type=click.File("rb"), metavar="FILE...")
@click.option("--schema", "reference", help="NAME or NAME@VERSION for all records.")
@click.option("--topic", help="Judge as this source topic's pipeline does; default the first.")
@click.option("--format", "as_format", type=FORMATS, help="Default: told by the file's contents.")
@click.option("--show", default=SHOWN, show_default=True, help="How many bad records to print.")
@json_option
@click.pass_context
def validate(
    context: click.Context,
    files: tuple[BinaryIO, ...],
    reference: str | None,
    topic: str | None,
    as_format: Format | None,
    show: int,
    as_json: bool,
) -> None:
    """Judge the records of files offline; `-` is standard input.

    A file holds one JSON value a line, one JSON document, an array of records, or is an Avro
    container file. The same engine as the worker's judges them; no broker or database is needed.
    Exit code 1 when a record is not valid.
    """
    from dataquarantine.cli.offline import OfflineJudge
    from dataquarantine.cli.record_files import UnreadableFile, open_records
    from dataquarantine.settings import load_settings

    judge = OfflineJudge(load_settings(), topic=topic, reference=reference, keep=show)
    for file in files:
        name = getattr(file, "name", "<stdin>")
        size = _size(file)
        with progress(str(name), size) as advance:
            try:
                found = open_records(file, as_format=as_format)
                judge.judge(str(name), found, _follow(file, advance) if size else lambda: None)
            except UnreadableFile as exc:
                raise UnreadableFile(f"{name}: {exc}") from exc
    _report(judge, as_json=as_json)
    if judge.bad:
        context.exit(1)


def _size(file: BinaryIO) -> int | None:
    """Tell the size of a regular file; None where bytes come as they come."""
    try:
        return os.fstat(file.fileno()).st_size if file.seekable() else None
    except (OSError, AttributeError):
        return None


def _follow(file: BinaryIO, advance: Callable[[int], None]) -> Callable[[], None]:
    """Give a function that moves the bar to where the file has been read to."""
    done = 0

    def follow() -> None:
        nonlocal done
        at = file.tell()
        advance(at - done)
        done = at

    return follow


def _report(judge: OfflineJudge, *, as_json: bool) -> None:
    valid = judge.records - judge.bad
    codes = dict(judge.codes.most_common())
    if as_json:
        counts = {"records": judge.records, "valid": valid, "remediated": judge.remediated}
        emit(
            {
                **counts,
                "invalid": judge.bad,
                "codes": codes,
                "items": judge.findings,
                "next": None,
            },
            as_json=True,
        )
        return
    if judge.findings:
        position = "line" if any(each["line"] for each in judge.findings) else "record"
        rows = [{**each, position: each["line"] or each["record"]} for each in judge.findings]
        columns = ("file", position, "schema", "code", "field_path", "message")
        emit_list(rows, columns=columns, as_json=False)
        click.echo()
    text = f"{judge.records:,} records, {valid:,} valid, {judge.bad:,} invalid"
    if judge.remediated:
        text += f", {judge.remediated:,} of the valid ones after remediation"
    named = ", ".join(f"{code} {count:,}" for code, count in codes.items())
    click.echo(text + (f": {named}" if named else ""))

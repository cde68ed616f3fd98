"""`dataquarantine validate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dataquarantine.cli.context import emit, emit_list, json_option, progress

if TYPE_CHECKING:
    from dataquarantine.outcomes import JudgedChunk
    from dataquarantine.records import SourceRecord
    from dataquarantine.settings import Settings

CHUNK = 1000
#: Findings shown in full unless told otherwise; all are counted.
SHOWN = 20


@click.command(epilog="Example: dataquarantine validate events.ndjson --schema user_event")
@click.argument("files", nargs=-1, required=True, type=click.File("rb"), metavar="FILE...")
@click.option("--schema", "reference", help="NAME or NAME@VERSION for all records.")
@click.option("--topic", help="Judge as this source topic's pipeline does; default the first.")
@click.option("--show", default=SHOWN, show_default=True, help="How many bad records to print.")
@json_option
@click.pass_context
def validate(
    context: click.Context,
    files: tuple[BinaryIO, ...],
    reference: str | None,
    topic: str | None,
    show: int,
    as_json: bool,
) -> None:
    """Judge the records of files offline, one JSON value a line; `-` is standard input.

    The same engine as the worker's; no broker or database is needed. Exit code 1 when a record is
    not valid.
    """
    from dataquarantine.settings import load_settings

    judge = _Judge(load_settings(), topic, reference)
    for file in files:
        name = getattr(file, "name", "<stdin>")
        for number, records in _chunks(file, name, judge.source):
            judge.judge(name, number, records, keep=show)
    judge.report(as_json=as_json)
    if judge.bad:
        context.exit(1)


class _Judge:
    """Judges chunks and remembers the counts and the first bad records."""

    def __init__(self, settings: Settings, topic: str | None, reference: str | None) -> None:
        from dataquarantine.schemas.catalog import FileCatalog
        from dataquarantine.validation.engine import Engine
        from dataquarantine.validation.selection import HEADER

        names = [pipeline.source for pipeline in settings.pipelines]
        if topic is not None and topic not in names:
            raise click.BadParameter(f"no pipeline reads it; there are: {', '.join(names)}")
        pipeline = settings.pipelines[names.index(topic) if topic else 0]
        catalog = FileCatalog.from_settings(settings)
        catalog.refresh()
        self.source = pipeline.source
        self.records = self.bad = 0
        self.codes: Counter[str] = Counter()
        self.findings: list[dict[str, Any]] = []
        self._engine = Engine(catalog, pipeline)
        self._headers = [(HEADER, reference.encode())] if reference else []

    def judge(self, name: str, number: int, records: list[SourceRecord], *, keep: int) -> None:
        from dataclasses import replace

        if self._headers:
            records = [replace(record, headers=self._headers) for record in records]
        chunk: JudgedChunk = self._engine.judge(records)
        self.records += len(records)
        for line, outcome in enumerate(chunk.outcomes, number):
            if outcome.passed:
                continue
            self.bad += 1
            self.codes[_code(outcome)] += 1
            if len(self.findings) < keep:
                self.findings.append(_finding(name, line, outcome))

    def report(self, *, as_json: bool) -> None:
        summary = {
            "records": self.records,
            "valid": self.records - self.bad,
            "invalid": self.bad,
            "codes": dict(self.codes.most_common()),
        }
        if as_json:
            emit({**summary, "items": self.findings, "next": None}, as_json=True)
            return
        columns = ("file", "line", "schema", "code", "field_path", "message")
        if self.findings:
            emit_list(self.findings, columns=columns, as_json=False)
            click.echo()
        codes = ", ".join(f"{code} {count:,}" for code, count in self.codes.most_common())
        text = f"{self.records:,} records, {summary['valid']:,} valid, {self.bad:,} invalid"
        click.echo(text + (f": {codes}" if codes else ""))


def _chunks(file: BinaryIO, name: str, topic: str) -> Iterator[tuple[int, list[SourceRecord]]]:
    """Yield chunks of lines and the number of their first line."""
    from dataquarantine.records import SourceRecord

    size = Path(name).stat().st_size if Path(name).is_file() else None
    with progress(name, size) as advance:
        number = 1
        while lines := list(islice(file, CHUNK)):
            advance(sum(map(len, lines)))
            yield (
                number,
                [
                    SourceRecord(line.rstrip(b"\r\n"), topic=topic, offset=offset)
                    for offset, line in enumerate(lines, number)
                ],
            )
            number += len(lines)


def _code(outcome: Any) -> str:
    return str(outcome.violations[0].code if outcome.violations else outcome.error_type)


def _finding(name: str, line: int, outcome: Any) -> dict[str, Any]:
    schema = f"{outcome.schema_name}@{outcome.schema_version}" if outcome.schema_version else None
    return {
        "file": name,
        "line": line,
        "schema": schema or outcome.schema_name,
        "error_type": str(outcome.error_type),
        "code": _code(outcome),
        "field_path": outcome.field_path,
        "message": outcome.error_message,
    }

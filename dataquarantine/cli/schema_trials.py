"""`dataquarantine schema infer` and `dataquarantine schema test`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dataquarantine.cli.context import current_settings, emit, emit_list, json_option, remark

if TYPE_CHECKING:
    from dataquarantine.cli.record_files import Format, RecordFile
    from dataquarantine.schemas.documents import SchemaDocument
    from dataquarantine.schemas.inference import FieldEvidence, Proposal
    from dataquarantine.schemas.trials import Trial

FORMATS = click.Choice(["ndjson", "json", "avro"])


@click.command(epilog="Example: dataquarantine schema infer events.ndjson --name user_event")
@click.argument("file", type=click.File("rb"))
@click.option("--name", help="Of the schema; default the file's name.")
@click.option("--version", default="1.0.0", show_default=True, help="Of the schema.")
@click.option("--limit", type=click.IntRange(1), help="Look at the first N records only.")
@click.option("--format", "as_format", type=FORMATS, help="Default: told by the file's contents.")
@json_option
def infer(
    file: BinaryIO,
    name: str | None,
    version: str,
    limit: int | None,
    as_format: Format | None,
    as_json: bool,
) -> None:
    """Propose a schema that the records of FILE pass; `-` is standard input.

    Reads NDJSON, JSON or Avro and prints a schema file, with the evidence for each field as
    comments. Review it before use: what the samples do not show is not in it.
    """
    from dataquarantine.cli.record_files import open_records
    from dataquarantine.schemas.inference import infer as propose

    samples = _Samples(open_records(file, as_format=as_format))
    source = str(getattr(file, "name", "<stdin>"))
    proposal = propose(islice(samples, limit), name=name or _schema_name(source), version=version)
    if samples.left_out:
        remark(f"left out: {samples.left_out:,} records that are no JSON")
    text = _proposal_text(proposal, source)
    emit(_proposal_document(proposal), as_json=as_json, text=text)


@click.command(epilog="Example: dataquarantine schema test user_event")
@click.argument("targets", nargs=-1, metavar="[SCHEMA]...")
@json_option
@click.pass_context
def test(context: click.Context, targets: tuple[str, ...], as_json: bool) -> None:
    """Judge the examples and counter_examples of schemas and say what happens to each.

    SCHEMA is NAME (its latest version), NAME@VERSION or a schema file; default are all of the
    settings' folder. Exit code 1 when an example does not pass, even after remediation, or a
    counter_example is valid as it stands.
    """
    from dataquarantine.schemas.trials import try_examples

    documents, wanted = _documents(targets)
    packages = current_settings().schemas.model_packages
    trials = try_examples(wanted, documents, model_packages=packages)
    columns = ("schema", "example", "as_expected", "outcome", "because")
    emit_list(
        [_trial_document(trial) if as_json else _trial_row(trial) for trial in trials],
        columns=columns,
        as_json=as_json,
        empty="there are no examples",
    )
    unexpected = sum(not trial.as_expected for trial in trials)
    if unexpected:
        remark(f"{unexpected} of {len(trials)} are not as expected")
        context.exit(1)


class _Samples:
    """The documents of a file; counts the records that are none."""

    def __init__(self, file: RecordFile) -> None:
        self._file = file
        self.left_out = 0

    def __iter__(self) -> Iterator[Any]:
        from dataquarantine.validation.payload import UNDECODABLE, decode_json

        for found in self._file.json_records():
            try:
                yield decode_json(found.value)
            except UNDECODABLE:
                self.left_out += 1


def _schema_name(source: str) -> str:
    stem = Path(source).name.partition(".")[0]
    return "".join(char if char.isalnum() else "_" for char in stem).strip("_") or "unnamed"


def _proposal_document(proposal: Proposal) -> dict[str, Any]:
    return {
        "document": proposal.document,
        "samples": proposal.samples,
        "evidence": [
            {
                "path": found.path,
                "present": found.present,
                "of": found.of,
                "share": found.share,
                "types": found.types,
                "notes": list(found.notes),
            }
            for found in proposal.evidence
        ],
    }


def _proposal_text(proposal: Proposal, source: str) -> str:
    import yaml

    comments = [f"# {proposal.samples:,} samples of {_printable(Path(source).name)}; the evidence:"]
    comments += [f"#   {_printable(_evidence_line(found))}" for found in proposal.evidence]
    text = yaml.safe_dump(proposal.document, sort_keys=False, allow_unicode=True, width=100)
    return "\n".join([*comments, text.rstrip()])


def _evidence_line(found: FieldEvidence) -> str:
    types = ", ".join(f"{kind} {count:,}" for kind, count in found.types.items())
    place = found.path or "(document)"
    notes = "".join(f"; {note}" for note in found.notes)
    return f"{place}: in {found.present:,} of {found.of:,} ({found.share:.1%}); {types}{notes}"


def _printable(text: str) -> str:
    """Keep a sample's own names on the line of their comment."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def _documents(
    targets: tuple[str, ...],
) -> tuple[list[SchemaDocument], list[SchemaDocument]]:
    """Find all documents that may refer to each other, and those to try."""
    from dataquarantine.dev.samples import sample_schema
    from dataquarantine.schemas.catalog import FileCatalog
    from dataquarantine.schemas.files import load_schema_file

    settings = current_settings()
    catalog = FileCatalog.from_settings(settings)
    catalog.refresh()
    known = [listed.document for listed in catalog.versions()]
    if not targets:
        return known, known
    wanted = [
        load_schema_file(Path(target))
        if Path(target).is_file()
        else sample_schema(settings, target)
        for target in targets
    ]
    return [*known, *wanted], wanted


def _trial_document(trial: Trial) -> dict[str, Any]:
    outcome = trial.outcome
    return {
        "schema": trial.schema,
        "kind": trial.kind,
        "index": trial.index,
        "as_expected": trial.as_expected,
        "outcome": trial.verdict,
        "remediation_steps": list(outcome.remediation_steps),
        "remediated": trial.remediated,
        "violations": [
            {
                "code": violation.code.value,
                "field_path": violation.field_path,
                "message": violation.message,
                "rule": violation.rule,
                "severity": violation.severity.value,
            }
            for violation in outcome.violations
        ],
    }


def _trial_row(trial: Trial) -> dict[str, Any]:
    outcome = trial.outcome
    reasons = [f"{violation.code.value} {violation.message}" for violation in outcome.violations]
    return {
        "schema": trial.schema,
        "example": f"{trial.kind} {trial.index}",
        "as_expected": "yes" if trial.as_expected else "NO",
        "outcome": trial.verdict,
        "because": "; ".join([*outcome.remediation_steps, *reasons]) or None,
    }

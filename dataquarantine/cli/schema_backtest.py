"""`dataquarantine schema backtest`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from dataquarantine.cli.context import current_settings, emit, json_option, remark
from dataquarantine.cli.quarantine import Moment
from dataquarantine.cli.stores import given_token, given_url, url_option


@click.command(epilog="Example: dataquarantine schema backtest user_event@1.1.0 --last 7d")
@click.argument("target", metavar="NAME@VERSION|FILE")
@click.option("--last", "since", type=Moment(), default="7d", show_default=True,
              help="Records quarantined since: 2h, 7d, or a time in ISO 8601.")  # fmt: skip
@url_option
@json_option
@click.pass_context
def backtest(context: click.Context, target: str, since: datetime, as_json: bool) -> None:
    """Judge stored records and a sample of passed traffic by a version, enforced or not.

    Reads the quarantine of the schema (at most 20,000 records, the newest) and 1,000 random ones of
    the newest records on the valid topics. Exit code 1 when traffic that passed would fail.
    """
    if url := given_url():
        from dataquarantine.cli.remote_replays import RemoteReplays

        if Path(target).is_file():
            raise click.UsageError("--url judges by a version that the worker knows, not by a file")
        shown: Mapping[str, Any] = RemoteReplays(url, given_token()).backtest(target, since)
    else:
        shown = _backtest_here(target, since)
    emit(
        shown if as_json else {k: v for k, v in shown.items() if k != "examples"},
        as_json=as_json,
    )
    if not as_json:
        _remark_examples(shown["examples"])
    if shown["newly_failing"]:
        context.exit(1)


def _backtest_here(target: str, since: datetime) -> Mapping[str, Any]:
    from dataquarantine.cli.local_replays import replays
    from dataquarantine.cli.schema_log import find_document
    from dataquarantine.replay.backtest import as_document, with_candidate
    from dataquarantine.replay.backtest import backtest as run

    document = find_document(target)
    with replays() as (_, schemas):
        known = with_candidate(schemas, document)
    return as_document(run(current_settings(), known, document.reference, since))


def _remark_examples(examples: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    for kind, found in examples.items():
        for example in found:
            codes = ", ".join(str(v["code"]) for v in example["violations"])
            remark(f"{kind.replace('_', ' ')}: {example['id']} {codes}".rstrip())

"""`dataquarantine schema backtest`."""

from __future__ import annotations

from datetime import datetime

import click

from dataquarantine.cli.context import current_settings, emit, json_option, remark
from dataquarantine.cli.quarantine import Moment


@click.command(epilog="Example: dataquarantine schema backtest user_event@1.1.0 --last 7d")
@click.argument("target", metavar="NAME@VERSION|FILE")
@click.option("--last", "since", type=Moment(), default="7d", show_default=True,
              help="Records quarantined since: 2h, 7d, or a time in ISO 8601.")  # fmt: skip
@json_option
@click.pass_context
def backtest(context: click.Context, target: str, since: datetime, as_json: bool) -> None:
    """Judge stored records and a sample of passed traffic by a version, enforced or not.

    Reads the quarantine of the schema (at most 20,000 records, the newest) and 1,000 random ones of
    the newest records on the valid topics. Exit code 1 when traffic that passed would fail.
    """
    from dataquarantine.cli.replay import replays
    from dataquarantine.cli.schema_log import find_document
    from dataquarantine.replay.backtest import as_document, with_candidate
    from dataquarantine.replay.backtest import backtest as run

    document = find_document(target)
    with replays() as (_, schemas):
        known = with_candidate(schemas, document)
    found = run(current_settings(), known, document.reference, since)
    shown = as_document(found)
    emit(
        shown if as_json else {k: v for k, v in shown.items() if k != "examples"},
        as_json=as_json,
    )
    if not as_json:
        for kind, examples in found.examples.items():
            for example in examples:
                codes = ", ".join(str(v["code"]) for v in example["violations"])
                remark(f"{kind.replace('_', ' ')}: {example['id']} {codes}".rstrip())
    if found.newly_failing:
        context.exit(1)

"""`dataquarantine doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from dataquarantine.cli.context import current_settings, emit_list, json_option, profile_option


@click.command(epilog="Example: dataquarantine doctor --profile production")
@profile_option
@json_option
@click.pass_context
def doctor(context: click.Context, profile: str, as_json: bool) -> None:
    """Check every dependency and say the remedy; exit code 1 when something is wrong.

    Writes and removes one object in the bucket; changes nothing else.
    """
    from dataquarantine.diagnosis import examine
    from dataquarantine.topics import Profile

    checks = examine(current_settings(), Profile(profile))
    rows = [asdict(check) for check in checks]
    emit_list(rows, columns=("check", "state", "found", "remedy"), as_json=as_json)
    if any(check.state == "failed" for check in checks):
        context.exit(1)

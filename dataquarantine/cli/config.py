"""`dataquarantine config`."""

from __future__ import annotations

import click

from dataquarantine.cli.context import current_settings, emit, json_option


@click.group(epilog="Example: dataquarantine config show")
def config() -> None:
    """Show the effective settings."""


@config.command(epilog="Example: DQ_S3__WORKERS=16 dataquarantine config show --json")
@json_option
def show(as_json: bool) -> None:
    """Print the effective settings as YAML, secrets masked.

    Each key can also be set by a variable: `kafka.group` by DQ_KAFKA__GROUP, the first pipeline's
    mode by DQ_PIPELINES__0__MODE.
    """
    import yaml

    from dataquarantine.settings import masked

    values = masked(current_settings())
    emit(values, as_json=as_json, text=yaml.safe_dump(values, sort_keys=False).rstrip())

"""`dataquarantine token`."""

from __future__ import annotations

import click

from dataquarantine.cli.context import emit, emit_list, json_option, remark
from dataquarantine.cli.stores import signed, stores, url_option

COLUMNS = ("name", "role", "created_at", "created_by", "revoked_at")

ROLES = click.Choice(["viewer", "operator", "admin"])


@click.group(epilog="Example: dataquarantine token create ci --role viewer")
def token() -> None:
    """Say who may use the HTTP API; without any token it serves this machine alone."""


@token.command(epilog="Example: dataquarantine token create dashboard --role operator")
@click.argument("name", required=False)
@click.option("--role", type=ROLES, help="viewer reads, operator changes, admin unmasks.")
@click.option(
    "--bootstrap",
    is_flag=True,
    help="The first token, an admin's, before the first start: migrates the database too.",
)
@click.option("--why", default="", help="Kept in the audit log.")
@url_option
@json_option
def create(name: str | None, role: str | None, bootstrap: bool, why: str, as_json: bool) -> None:
    """Make a token named NAME and print it, this once."""
    if not bootstrap and (name is None or role is None):
        raise click.UsageError("name the token and its --role")
    with stores() as opened:
        if bootstrap:
            made = opened.first_token(name or "bootstrap", role or "admin")
        else:
            made = opened.create_token(str(name), str(role), signed(why))
    emit(made, as_json=as_json, text=made["token"])
    remark(f"{made['role']} {made['name']}: keep it, it is not shown again")


@token.command("list", epilog="Example: dataquarantine token list")
@url_option
@json_option
def list_(as_json: bool) -> None:
    """List all tokens, revoked ones too, without themselves."""
    with stores() as opened:
        rows = opened.tokens()
    emit_list(rows, columns=COLUMNS, as_json=as_json, empty="no token was ever made")


@token.command(epilog='Example: dataquarantine token revoke ci --why "leaked"')
@click.argument("name")
@click.option("--why", default="", help="Kept in the audit log.")
@url_option
@json_option
def revoke(name: str, why: str, as_json: bool) -> None:
    """End a token; workers forget it within a few seconds."""
    with stores() as opened:
        opened.revoke_token(name, signed(why))
    emit({"revoked": name}, as_json=as_json)

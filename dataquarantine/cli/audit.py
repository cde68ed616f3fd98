"""`dataquarantine audit`."""

from __future__ import annotations

import asyncio
import getpass
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from dataquarantine.cli.context import current_settings, emit, json_option, progress, remark
from dataquarantine.cli.quarantine import Moment

if TYPE_CHECKING:
    from dataquarantine.audit.auditor import Verdict, Window
    from dataquarantine.settings import Settings

_RANGE = re.compile(r"(?P<topic>.+)/(?P<partition>\d+)/(?P<first>\d+)-(?P<end>\d+)")


class OffsetRange(click.ParamType):
    """`TOPIC/PARTITION/FIRST-END`, END excluded."""

    name = "range"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int, int, int]:
        found = _RANGE.fullmatch(str(value))
        if found is None or int(found["first"]) >= int(found["end"]):
            self.fail(f"{value!r} is no range; try raw-events/0/100-200 (200 excluded)", param, ctx)
        return found["topic"], int(found["partition"]), int(found["first"]), int(found["end"])


@click.command(epilog="Example: dataquarantine audit --deep --from 24h")
@click.option("--from", "since", type=Moment(), help="Entries since: 2h, 7d, or ISO 8601.")
@click.option("--to", "until", type=Moment(), help="Entries before: 2h, 7d, or ISO 8601.")
@click.option("--deep", is_flag=True, help="Match record by record; reads all topics again.")
@click.option(
    "--sign-skip",
    type=OffsetRange(),
    metavar="TOPIC/PARTITION/FIRST-END",
    help="Answer for offsets that you had the gateway pass over; needs --why. Audits nothing.",
)
@click.option("--who", default=getpass.getuser, show_default="your user", help="Who signs.")
@click.option("--why", help="Why they were skipped.")
@json_option
@click.pass_context
def audit(
    context: click.Context,
    since: datetime | None,
    until: datetime | None,
    deep: bool,
    sign_skip: tuple[str, int, int, int] | None,
    who: str,
    why: str | None,
    as_json: bool,
) -> None:
    """Prove from the ledger what became of every record. Exit code 1: something is lost.

    Per partition: the ranges of offsets join up, every record seen is valid, invalid, error or a
    forwarded tombstone, and the dead letters are in Postgres and S3. Without --deep what was
    forwarded is self-reported; with it each source record is looked for in the outputs.
    """
    from dataquarantine.audit.auditor import Window
    from dataquarantine.audit.report import as_document, as_page

    settings = current_settings()
    if sign_skip is not None:
        if not why:
            raise click.UsageError("--sign-skip needs --why")
        asyncio.run(_sign(settings, sign_skip, who, why))
        remark(f"signed by {who}")
        return
    verdict = _audit(settings, Window(since, until), deep)
    emit(as_document(verdict), as_json=as_json, text=as_page(verdict))
    if not verdict.is_clean:
        context.exit(1)


def _audit(settings: Settings, window: Window, deep: bool) -> Verdict:
    from dataquarantine.audit.auditor import Auditor
    from dataquarantine.clock import SystemClock
    from dataquarantine.store.objects import ObjectStore
    from dataquarantine.store.postgres import Database

    database = Database(settings.postgres.url.get_secret_value(), pool_size=1)
    objects = ObjectStore(settings.s3)
    auditor = Auditor(settings, database, objects, SystemClock())

    async def run() -> Verdict:
        total = await auditor.plan(deep=deep)
        with progress("auditing", total) as step:
            return await auditor.run(window, deep=deep, progress=step)

    try:
        return asyncio.run(run())
    finally:
        objects.close()
        database.close()


async def _sign(settings: Settings, offsets: tuple[str, int, int, int], who: str, why: str) -> None:
    from dataquarantine.audit.entry import SignedSkip
    from dataquarantine.audit.topics import sign_skip
    from dataquarantine.clock import SystemClock

    topic, partition, first, end = offsets
    skip = SignedSkip(
        topic=topic,
        partition=partition,
        first_offset=first,
        next_offset=end,
        who=who,
        why=why,
        at=SystemClock().now(),
    )
    await sign_skip(settings.kafka, skip)

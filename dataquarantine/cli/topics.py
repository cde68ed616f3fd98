"""`dataquarantine topics`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from dataquarantine.cli.context import current_settings, emit_list, json_option, profile_option

if TYPE_CHECKING:
    from dataquarantine.topics import TopicPlan, TopicResult

COLUMNS = ("topic", "state", "partitions", "replication", "detail")


@click.group(epilog="Example: dataquarantine topics create --dry-run")
def topics() -> None:
    """Create the topics of the gateway."""


@topics.command(epilog="Example: dataquarantine topics create --profile dev --partitions 4")
@profile_option
@click.option(
    "--partitions",
    default=4,
    show_default=True,
    type=click.IntRange(min=1),
    help="Of the pipelines' topics; the gateway's own have one.",
)
@click.option("--dry-run", is_flag=True, help="Only compare with what there is.")
@json_option
@click.pass_context
def create(
    context: click.Context, profile: str, partitions: int, dry_run: bool, as_json: bool
) -> None:
    """Create what is missing; a topic that exists is compared and left alone.

    Exit code 1 when a topic is refused or is not as the gateway needs it.
    """
    from dataquarantine.topics import Profile, check_topics, create_topics

    settings = current_settings()
    action = check_topics if dry_run else create_topics
    results = asyncio.run(action(settings, profile=Profile(profile), partitions=partitions))
    rows = [_row(result) for result in results]
    emit_list(rows, columns=COLUMNS, as_json=as_json)
    missing_only = dry_run and all(r.right or r.state.value == "missing" for r in results)
    if not missing_only and not all(result.right for result in results):
        context.exit(1)


def _row(result: TopicResult) -> dict[str, Any]:
    plan: TopicPlan = result.plan
    return {
        "topic": plan.name,
        "state": result.state.value,
        "partitions": plan.partitions,
        "replication": plan.replication,
        "config": dict(plan.config),
        "detail": result.detail,
    }

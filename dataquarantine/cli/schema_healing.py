"""What the commands say of open records after a version was enforced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dataquarantine.cli.context import current_settings, remark
from dataquarantine.errors import DataQuarantineError

if TYPE_CHECKING:
    from dataquarantine.schemas.proposals import Answer

Healed = dict[str, int]


def healed_by(answer: Answer) -> Healed | None:
    """Count the open records that the version enforced by an answer accepts.

    None when nothing was enforced, or the stores don't answer: the version is enforced all the
    same, so that is a remark.
    """
    from dataquarantine.schemas.states import State

    if not answer.accepted or answer.state is not State.ENFORCED:
        return None
    try:
        return _count(f"{answer.name}@{answer.version}")
    except DataQuarantineError as exc:
        remark(f"not known how many open records would pass now: {exc}")
        return None


def tell(answer: Answer, healed: Healed) -> None:
    """Say what would pass now, and how to replay it."""
    remark(f"{healed['would_pass']:,} of {healed['open_records']:,} open records would now pass")
    if healed["would_pass"]:
        reference = f"{answer.name}@{answer.version}"
        remark(
            f"replay them: dataquarantine replay plan --schema {answer.name} --pin {reference}"
            f' --on-failure skip --why "{reference} is enforced"'
        )


def _count(reference: str) -> Healed:
    from dataquarantine.cli.local_replays import replays
    from dataquarantine.cli.schema_log import find_document
    from dataquarantine.replay.backtest import healed, with_candidate

    document = find_document(reference)
    with replays() as (_, schemas):
        known = with_candidate(schemas, document)
    open_records, would_pass = healed(current_settings(), known, reference)
    return {"open_records": open_records, "would_pass": would_pass}

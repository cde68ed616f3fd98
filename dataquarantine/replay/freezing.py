"""The selection of a job, frozen: one item for every record that it holds at this moment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import text

from dataquarantine.quarantine.states import RecordState, sources_of
from dataquarantine.replay.beside import rest_s
from dataquarantine.replay.verdicts import Result

#: Items written at once: 15 ms of Postgres, which the sinks want too.
PIECE = 1000
#: A large selection is written in larger pieces, so that it does not take several times as long.
MOST_PIECES = 50


def freeze(
    connection: sqlalchemy.Connection,
    job_id: UUID,
    where: Sequence[str],
    values: Mapping[str, Any],
    now: datetime,
) -> int:
    """Write the items of a job, in the order of the source, resting in between; returns how many.

    What they are is decided first, by one statement. Blocking: up to a second for 18,000.

    Args: where, values: the conditions of the selection, and what these name.
    """
    allowed = [state.value for state in sources_of(RecordState.REPLAYING)]
    conditions = " AND ".join([*where, "status = ANY(:allowed)"])
    chosen = connection.execute(text(_CHOOSE + conditions), {**values, "allowed": allowed})
    count = int(chosen.rowcount)
    piece = max(PIECE, count // MOST_PIECES)
    item = {"job": job_id, "pending": Result.PENDING.value, "now": now}
    for after in range(0, count, piece):
        started = time.monotonic()
        connection.execute(_WRITE, {**item, "after": after, "last": after + piece})
        if after + piece < count:
            time.sleep(rest_s(time.monotonic() - started))
    return count


_CHOOSE = (
    "CREATE TEMPORARY TABLE replay_choice ON COMMIT DROP AS"
    ' SELECT row_number() OVER (ORDER BY topic, partition, "offset", id) AS place,'
    ' id, "timestamp" FROM quarantine_records WHERE '
)
_WRITE = text(
    "INSERT INTO replay_items (id, job_id, place, record_id, record_time, result, updated_at)"
    ' SELECT gen_random_uuid(), :job, place, id, "timestamp", :pending, :now'
    " FROM replay_choice WHERE place > :after AND place <= :last"
)

"""The items of a job, written in pieces."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.replay import freezing
from dataquarantine.replay.jobs import ReplayJobs
from dataquarantine.replay.requests import NewReplay
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source

ITEMS = text(
    'SELECT i.place, q."offset" FROM replay_items i JOIN quarantine_records q'
    " ON q.id = i.record_id WHERE i.job_id = :job ORDER BY i.place"
)


@pytest.mark.parametrize(
    ("most_pieces", "written"), [(50, 3), (1, 1)], ids=["small pieces", "one for a large selection"]
)
def test_pieces_hold_every_record_once_in_the_order_of_the_source(
    database: Database, monkeypatch: pytest.MonkeyPatch, most_pieces: int, written: int
) -> None:
    monkeypatch.setattr(freezing, "PIECE", 2)
    monkeypatch.setattr(freezing, "MOST_PIECES", most_pieces)
    rests: list[float] = []
    monkeypatch.setattr("time.sleep", rests.append)
    letters = dead_letters([source(n) for n in (4, 2, 0, 3, 1)])
    PostgresRows(database).insert([entry_of(letter, CLUSTER, NOW).row for letter in letters])
    wanted = NewReplay.model_validate({"selection": {"filters": {}}, "why": "asked for"})

    job_id = ReplayJobs(database).create(wanted, {"kind": "none"}, Signed("ann", "why"), NOW)

    items = database.transact(lambda c: c.execute(ITEMS, {"job": job_id}).all())
    assert [item.place for item in items] == [1, 2, 3, 4, 5]
    offsets = [item.offset for item in items]
    assert offsets == sorted(set(offsets))
    assert len(rests) == written - 1

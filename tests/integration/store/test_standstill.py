"""A process that stands still within a transaction, as after SIGSTOP."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text

from dataquarantine.errors import SinkUnavailable
from dataquarantine.store import postgres
from dataquarantine.store.postgres import Database

TAKE = text("SELECT pg_advisory_xact_lock(1)")


def test_it_holds_its_locks_for_a_while_only(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "STANDSTILL_TIMEOUT_S", 0.3)
    late, other = Database(database_url), Database(database_url)
    taken: list[Any] = []

    def stand_still(connection: Connection) -> None:
        connection.execute(TAKE)
        taken.append(other.transact(lambda c: c.execute(TAKE).scalar()))  # waits for the lock
        connection.execute(text("SELECT 1"))

    with pytest.raises(SinkUnavailable):
        late.transact(stand_still)

    assert taken
    late.close()
    other.close()

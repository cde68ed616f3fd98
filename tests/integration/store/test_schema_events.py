"""The life of schema versions in a real Postgres."""

from __future__ import annotations

from dataquarantine.schemas.events import all_events
from dataquarantine.store import audit_log, schema_events
from dataquarantine.store.postgres import Database
from tests.unit.schemas.test_events import registry_of_two


def test_events_are_written_once_and_read_in_order(database: Database) -> None:
    events = all_events(registry_of_two())

    schema_events.write(database, events)
    schema_events.write(database, events)

    rows = schema_events.read(database, "event")
    assert [(row["version"], row["to_state"], row["actor"]) for row in rows] == [
        ("1.0.0", "enforced", "ann"),
        ("1.1.0", "enforced", "ann"),
    ]
    assert schema_events.read(database, "other") == []
    trail = audit_log.page(database, subject="schema/event@1.1.0").items
    assert [(e["actor"], e["action"], e["details"]["after"]) for e in trail] == [
        ("ann", "register_schema", "enforced")
    ]

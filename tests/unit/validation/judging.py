"""What the tests of judging share: schemas from literals, a clock that stands, one record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dataquarantine.outcomes import JudgedChunk, ValidationOutcome
from dataquarantine.records import Header, SourceRecord
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.testing import ManualClock
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.thorough import OnDisagreement

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

USER_EVENT = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["user_id", "event_type", "timestamp"],
    "properties": {
        "user_id": {"type": "string", "pattern": "^USER[0-9]{6}$"},
        "event_type": {"type": "string", "enum": ["view", "click", "purchase"]},
        "timestamp": {"type": "string", "format": "date-time"},
    },
}
GOOD = (
    b'{"_schema":"user_event","user_id":"USER123456","event_type":"click",'
    b'"timestamp":"2024-01-15T10:30:00Z"}'
)


class Listed:
    """A source of schemas that a test fills."""

    def __init__(self, *schemas: ListedSchema) -> None:
        self.schemas: Sequence[ListedSchema] = schemas
        self.reads = 0

    def read(self) -> Sequence[ListedSchema]:
        self.reads += 1
        return self.schemas


def listed(
    name: str = "user_event",
    version: str = "1.0.0",
    definition: Any = USER_EVENT,
    *,
    enforced: bool = True,
    schema_id: int | None = None,
    **more: Any,
) -> ListedSchema:
    values = {"name": name, "version": version, "schema": definition, **more}
    return ListedSchema(SchemaDocument.model_validate(values), enforced, schema_id)


def catalog_of(*schemas: ListedSchema) -> Catalog:
    catalog = Catalog([Listed(*schemas)])
    assert catalog.refresh()
    return catalog


def engine_of(
    *schemas: ListedSchema,
    selection: dict[str, Any] | None = None,
    on_disagreement: OnDisagreement = lambda schema: None,
    **more: Any,
) -> Engine:
    pipeline = PipelineSettings.model_validate({"schema": selection or {}, **more})
    catalog = catalog_of(*(schemas or (listed(),)))
    return Engine(catalog, pipeline, clock=ManualClock(NOW), on_disagreement=on_disagreement)


def record(
    value: bytes | None, *, key: bytes | None = b"own", headers: Sequence[Header] = ()
) -> SourceRecord:
    return SourceRecord(value, key=key, headers=headers)


def judge_all(engine: Engine, *values: bytes | None) -> JudgedChunk:
    return engine.judge([record(value) for value in values])


def judge(engine: Engine, value: bytes | None, **more: Any) -> ValidationOutcome:
    """Judge one record, twice in one chunk: the first and the straight way must agree."""
    chunk = engine.judge([record(value, **more)] * 2)
    assert chunk.outcomes[0] == chunk.outcomes[1]
    assert chunk.keys[0] == chunk.keys[1]
    return chunk.outcomes[0]

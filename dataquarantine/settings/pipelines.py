"""What is judged by what, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, SecretStr, model_validator

from dataquarantine.settings.section import Section, TopicName


class SchemaSelection(Section):
    """How a record names its schema."""

    from_: Literal["field", "header", "confluent", "topic"] = Field("field", alias="from")
    field: str = "_schema"
    default: str | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PipelineSettings(Section):
    """One source topic and where its records go.

    header_dialect: the headers that dead letters carry beside `__dq.errors.*`, for tools that know
    those of Kafka Connect, Kafka Streams or Spring.
    """

    source: TopicName = "raw-events"
    valid: TopicName = "validated-events"
    dead_letter: TopicName = "quarantine-dlq"
    selection: SchemaSelection = Field(default_factory=SchemaSelection, alias="schema")
    mode: Literal["observe", "enforce", "passthrough"] = "enforce"
    on_tombstone: Literal["forward", "quarantine"] = "forward"
    max_record_bytes: int = Field(1024 * 1024, gt=0)
    provenance: bool = True
    header_dialect: Literal["none", "connect", "streams", "spring"] = "none"

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _topics_differ(self) -> PipelineSettings:
        if len({self.source, self.valid, self.dead_letter}) < 3:
            raise ValueError("source, valid and dead_letter must be three different topics")
        return self


class SchemaSettings(Section):
    """Where schemas come from; the list of the files is trusted for `ttl_s`.

    registry_url: `confluent://host:port`, where the ids in records are looked up; none: here.
    """

    topic: TopicName = "dataquarantine-schemas"
    registry_url: SecretStr | None = None
    folder: Path = Path("schemas")
    ttl_s: float = Field(300.0, gt=0)
    model_packages: tuple[str, ...] = ()

"""All settings together, and what must fit between the groups."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator

from dataquarantine.settings.alerts import AlertSettings
from dataquarantine.settings.kafka import KafkaSettings
from dataquarantine.settings.limits import BreakerSettings, ReplaySettings
from dataquarantine.settings.pipelines import PipelineSettings, SchemaSettings
from dataquarantine.settings.section import Section, TopicName
from dataquarantine.settings.stores import PostgresSettings, S3Settings, SpoolSettings
from dataquarantine.settings.worker import LogSettings, WebSettings

_URL_PASSWORD = re.compile(r"(//[^:/@]*):[^@]*@")


class Settings(Section):
    """Everything that can be set."""

    cluster_id: str = "dataquarantine"
    delivery: Literal["at_least_once", "exactly_once"] = "at_least_once"
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    pipelines: tuple[PipelineSettings, ...] = (PipelineSettings(),)
    schemas: SchemaSettings = Field(default_factory=SchemaSettings)
    postgres: PostgresSettings = Field(default_factory=PostgresSettings)
    s3: S3Settings = Field(default_factory=S3Settings)
    spool: SpoolSettings = Field(default_factory=SpoolSettings)
    breaker: BreakerSettings = Field(default_factory=BreakerSettings)
    replay: ReplaySettings = Field(default_factory=ReplaySettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    logs: LogSettings = Field(default_factory=LogSettings)
    data_dir: Path = Path(".dq/worker")
    pii_key: SecretStr | None = None
    public_keys: tuple[TopicName, ...] = ()

    @model_validator(mode="after")
    def _transactions_need_idempotence(self) -> Settings:
        if self.delivery == "exactly_once" and not self.kafka.idempotence:
            raise ValueError(
                "delivery exactly_once needs kafka.idempotence and a broker with transactions: "
                "Apache Kafka has them, the embedded broker (Tansu) has not"
            )
        return self

    @model_validator(mode="after")
    def _sources_differ(self) -> Settings:
        sources = [pipeline.source for pipeline in self.pipelines]
        if not sources:
            raise ValueError("at least one pipeline is needed")
        if len(set(sources)) < len(sources):
            raise ValueError(f"two pipelines read the same source: {', '.join(sources)}")
        outputs = {t for p in self.pipelines for t in (p.valid, p.dead_letter)}
        if loops := outputs & set(sources):
            raise ValueError(f"{', '.join(sorted(loops))} is both read and written: a loop")
        return self


def masked(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain values that may be shown."""
    values: dict[str, Any] = settings.model_dump(mode="json", by_alias=True)
    url = settings.postgres.url.get_secret_value()
    values["postgres"]["url"] = _URL_PASSWORD.sub(r"\1:***@", url)
    return values

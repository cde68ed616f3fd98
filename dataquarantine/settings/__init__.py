"""The effective settings: `dataquarantine.yaml`, then `DQ_<SECTION>__<KEY>` variables."""

from dataquarantine.settings.alerts import AlertChannel, AlertSettings
from dataquarantine.settings.kafka import KafkaSettings
from dataquarantine.settings.limits import BreakerSettings, ReplaySettings
from dataquarantine.settings.loading import (
    CONFIG_ENV,
    DEFAULT_PATH,
    ENV_PREFIX,
    TOKEN_ENV,
    URL_ENV,
    load_settings,
)
from dataquarantine.settings.pipelines import PipelineSettings, SchemaSelection, SchemaSettings
from dataquarantine.settings.section import Section, TopicName
from dataquarantine.settings.stores import PostgresSettings, S3Settings, SpoolSettings
from dataquarantine.settings.whole import Settings, masked
from dataquarantine.settings.worker import LogSettings, WebSettings

__all__ = [
    "CONFIG_ENV",
    "DEFAULT_PATH",
    "ENV_PREFIX",
    "TOKEN_ENV",
    "URL_ENV",
    "AlertChannel",
    "AlertSettings",
    "BreakerSettings",
    "KafkaSettings",
    "LogSettings",
    "PipelineSettings",
    "PostgresSettings",
    "ReplaySettings",
    "S3Settings",
    "SchemaSelection",
    "SchemaSettings",
    "Section",
    "Settings",
    "SpoolSettings",
    "TopicName",
    "WebSettings",
    "load_settings",
    "masked",
]

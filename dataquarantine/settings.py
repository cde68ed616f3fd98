"""The effective settings: `dataquarantine.yaml`, then `DQ_<SECTION>__<KEY>` variables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from dataquarantine.environment import Place, near_key, overlay
from dataquarantine.errors import ConfigError

ENV_PREFIX = "DQ_"
CONFIG_ENV = "DQ_CONFIG"
#: The API that commands ask, and the token that they show it; no settings.
URL_ENV = "DQ_URL"
TOKEN_ENV = "DQ_TOKEN"
DEFAULT_PATH = Path("dataquarantine.yaml")

_URL_PASSWORD = re.compile(r"(//[^:/@]*):[^@]*@")

TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]


class Section(BaseModel):
    """A group of settings; immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(Section):
    """The broker, the consumer group and the limits of the flow."""

    bootstrap_servers: str = "127.0.0.1:9092"
    group: str = "dataquarantine-validators"
    group_instance_id: str | None = Field(None, min_length=1)
    session_timeout_s: float = Field(20.0, gt=0)
    heartbeat_interval_s: float = Field(3.0, gt=0)
    commit_interval_s: float = Field(0.5, gt=0)
    idempotence: bool = True
    max_in_flight_bytes: int = Field(64 * 2**20, gt=0)
    max_chunk_records: int = Field(2000, gt=0)
    max_fetch_bytes: int = Field(4 * 2**20, gt=0)
    max_batch_bytes: int = Field(900_000, gt=0)
    max_request_bytes: int = Field(1024 * 1024, gt=0)
    drain_timeout_s: float = Field(2.0, gt=0)
    transaction_s: float = Field(0.0, ge=0)
    transaction_timeout_s: float = Field(15.0, gt=0)
    stall_after_s: float = Field(60.0, gt=0)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_oauth_token_url: str | None = Field(None, pattern="^https?://")
    sasl_oauth_scope: str | None = None
    sasl_oauth_provider: str | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None

    @model_validator(mode="after")
    def _tokens_have_a_source(self) -> KafkaSettings:
        sources = (self.sasl_oauth_token_url, self.sasl_oauth_provider)
        if self.sasl_mechanism == "OAUTHBEARER" and bool(sources[0]) == bool(sources[1]):
            raise ValueError(
                "OAUTHBEARER takes its tokens from exactly one of sasl_oauth_token_url and "
                "sasl_oauth_provider (package.module:function)"
            )
        return self

    @model_validator(mode="after")
    def _heartbeats_fit_session(self) -> KafkaSettings:
        if self.heartbeat_interval_s * 3 > self.session_timeout_s:
            raise ValueError(
                f"heartbeat_interval_s ({self.heartbeat_interval_s:g}) must be at most a third of "
                f"session_timeout_s ({self.session_timeout_s:g})"
            )
        if self.transaction_s * 2 > self.transaction_timeout_s:
            raise ValueError(
                f"transaction_s ({self.transaction_s:g}) must be at most half of "
                f"transaction_timeout_s ({self.transaction_timeout_s:g})"
            )
        return self


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


class PostgresSettings(Section):
    """The database of quarantined records."""

    url: SecretStr = SecretStr("postgresql+psycopg2://dataquarantine@127.0.0.1:5432/dataquarantine")
    pool_size: int = Field(5, gt=0)
    retention_days: int = Field(90, gt=0)


class S3Settings(Section):
    """The bucket of quarantined payloads; without keys, boto3's own chain finds them.

    server_side_encryption, sse_kms_key_id: as S3 names them. object_lock_mode, retain_days: every
    object is locked for so long; a bucket that the gateway makes allows it then.
    """

    endpoint_url: str | None = None
    region: str = "us-east-1"
    bucket: str = "data-quarantine"
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    layout: Literal["record", "segment", "auto"] = "record"
    workers: int = Field(8, gt=0)
    server_side_encryption: Literal["AES256", "aws:kms", "aws:kms:dsse"] | None = None
    sse_kms_key_id: str | None = None
    object_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] | None = None
    retain_days: int | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _belong_together(self) -> S3Settings:
        if (self.object_lock_mode is None) != (self.retain_days is None):
            raise ValueError("object_lock_mode and retain_days need each other")
        kms = (self.server_side_encryption or "").startswith("aws:kms")
        if self.sse_kms_key_id is not None and not kms:
            raise ValueError("sse_kms_key_id needs server_side_encryption: aws:kms")
        return self


class SpoolSettings(Section):
    """Local files that stand in while a store is away."""

    folder: Path = Path(".dq/spool")
    max_bytes: int = Field(2**30, gt=0)


class BreakerSettings(Section):
    """When a source that delivers mostly bad records is closed.

    It opens when more than `max_invalid_share` of the records of every bucket were bad for
    `window_s`, and at least `min_records` were seen; a trial after a reset sees `trial_records`.
    A worker asks for it at once when more than `flood_share` of its last `flood_records` were bad,
    judged within `flood_window_s`; `sample_records` of these are shown by `breaker status`.
    """

    max_invalid_share: float = Field(0.5, gt=0, lt=1)
    window_s: float = Field(300.0, gt=0)
    bucket_s: float = Field(10.0, gt=0)
    min_records: int = Field(1000, gt=0)
    trial_records: int = Field(1000, gt=0)
    flood_share: float = Field(0.95, gt=0, lt=1)
    flood_records: int = Field(20_000, gt=0)
    flood_window_s: float = Field(30.0, gt=0)
    sample_records: int = Field(10, ge=0, le=100)

    @model_validator(mode="after")
    def _buckets_fit_window(self) -> BreakerSettings:
        if self.bucket_s > self.window_s:
            raise ValueError(
                f"bucket_s ({self.bucket_s:g}) must be at most window_s ({self.window_s:g})"
            )
        return self


class ReplaySettings(Section):
    """How often a record may fail, its first judgement included, before it is parked."""

    max_attempts: int = Field(5, ge=2)


class AlertChannel(Section):
    """A webhook that alerts go to, with what its owners' schemas are about.

    owners: as the schemas name them; without any it takes what no other channel takes.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    url: SecretStr
    form: Literal["json", "slack"] = "json"
    owners: tuple[str, ...] = ()

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: SecretStr) -> SecretStr:
        if not re.match(r"https?://[^/\s]+", url.get_secret_value()):
            raise ValueError("expected http://... or https://...")
        return url


class AlertSettings(Section):
    """Who is told when the gateway needs somebody, and how often.

    What lasts is told again after `repeat_after_s`; a channel that is slow or away queues
    `max_queue` alerts and sends `max_per_minute`. `retention_hours`: warn when less is left.
    """

    channels: tuple[AlertChannel, ...] = ()
    repeat_after_s: float = Field(3600.0, gt=0)
    timeout_s: float = Field(5.0, gt=0)
    max_queue: int = Field(100, gt=0)
    max_per_minute: int = Field(20, gt=0)
    retention_hours: float = Field(24.0, gt=0)

    @model_validator(mode="after")
    def _names_differ(self) -> AlertSettings:
        names = [channel.name for channel in self.channels]
        if len(set(names)) < len(names):
            raise ValueError(f"two channels have the same name: {', '.join(sorted(names))}")
        return self


class WebSettings(Section):
    """The worker's own web port: the HTTP API, the registry's paths, health and metrics.

    Beyond loopback it needs tokens (`dataquarantine token create --bootstrap`), or
    `unauthenticated`. `metrics_token` opens `/metrics` alone; `metrics_port` serves it without
    any, on `metrics_host`. With `tls_cert` and `tls_key` (PEM files) the port speaks TLS.
    """

    host: str = "127.0.0.1"
    port: int = Field(6066, ge=0, le=65535)
    unauthenticated: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    metrics_token: SecretStr | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(None, gt=0, le=65535)
    requests_per_s: float = Field(100.0, gt=0)
    max_body_bytes: int = Field(8 * 2**20, gt=0)


class LogSettings(Section):
    """How log lines look: sentences for people, or one JSON object a line."""

    format: Literal["console", "json"] = "console"


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


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings once.

    Args: path: the file; default `DQ_CONFIG`, then `dataquarantine.yaml`, which may be missing.
    Raises: ConfigError naming variable, value and expectation.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ[CONFIG_ENV]) if environ.get(CONFIG_ENV) else None)
    values = _read_file(named or DEFAULT_PATH, must_exist=named is not None)
    variables = {
        name: text
        for name, text in environ.items()
        if name.startswith(ENV_PREFIX) and name not in (CONFIG_ENV, URL_ENV, TOKEN_ENV)
    }
    origins = overlay(values, variables, Settings, ENV_PREFIX)
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        raise ConfigError(_explain(exc, named or DEFAULT_PATH, origins)) from exc


def masked(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain values that may be shown."""
    values: dict[str, Any] = settings.model_dump(mode="json", by_alias=True)
    url = settings.postgres.url.get_secret_value()
    values["postgres"]["url"] = _URL_PASSWORD.sub(r"\1:***@", url)
    return values


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text("utf-8")) or {}
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(
                f"{path} does not exist; name the settings file by --config"
            ) from None
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path} can't be read: {exc}") from exc
    except yaml.YAMLError as exc:
        raise ConfigError(f"{path} is not YAML: {exc}") from exc
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds a {type(values).__name__}; expected sections with keys")
    return values


def _explain(exc: ValidationError, path: Path, origins: Mapping[Place, str]) -> str:
    lines = ["settings that can't be used:"]
    for error in exc.errors(include_url=False):
        place = error["loc"]
        where = ".".join(str(part) for part in place) or "settings"
        secret = any(word in where for word in ("password", "key", "url"))
        value = "(hidden)" if secret else repr(error.get("input"))[:80]
        origin = origins.get(place) or f"{path}: {where}"
        if error["type"] == "extra_forbidden":
            near = near_key(Settings, place)
            lines.append(f"  {origin} is unknown" + (f"; did you mean {near}?" if near else ""))
        elif error["type"] == "value_error":  # of a whole section; its text names the keys
            lines.append(f"  {where}: {error['msg'].removeprefix('Value error, ')}")
        else:
            lines.append(f"  {origin} = {value}: {error['msg']}")
    return "\n".join(lines)

"""How the broker is reached, and the limits of the flow."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from dataquarantine.settings.section import Section


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

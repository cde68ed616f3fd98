"""How a worker shows itself: its web port and its log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from dataquarantine.settings.section import Section


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

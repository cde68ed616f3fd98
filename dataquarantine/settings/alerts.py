"""Who is told what."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from dataquarantine.settings.section import Section


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

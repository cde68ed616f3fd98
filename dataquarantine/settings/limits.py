"""When the gateway stops trying: the breaker and replays."""

from __future__ import annotations

from pydantic import Field, model_validator

from dataquarantine.settings.section import Section


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

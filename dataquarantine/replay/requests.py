"""What a replay is asked to do, as it comes in over HTTP or from the command line."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from dataquarantine.store.queries import Filters

MAX_IDS = 10_000


def _plain(text: str) -> str:
    """Refuse what Postgres keeps in no text."""
    if "\x00" in text:
        raise ValueError("a NUL character")
    return text


Text = Annotated[str, Field(max_length=512), AfterValidator(_plain)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class OnFailure(StrEnum):
    """What happens to a record that is not published, or does not pass."""

    STOP_ON_ERROR = "stop_on_error"  # the first one stops the job
    PARK = "park"  # it is parked at once, for people
    SKIP = "skip"  # it stays open


class Choice(_Part):
    """Filters, named as the list of records names them; all that are given must hold."""

    schema_: Text | None = Field(None, alias="schema")
    error_type: Text | None = None
    code: Text | None = None
    status: Text | None = None
    topic: Text | None = None
    since: datetime | None = Field(None, alias="from")
    until: datetime | None = Field(None, alias="to")
    q: Text | None = None
    key: Text | None = None
    incident: Text | None = None


class Selection(_Part):
    """Which records: exactly one of ids, filters and incident."""

    ids: list[UUID] | None = Field(None, min_length=1, max_length=MAX_IDS)
    filters: Choice | None = None
    incident: Text | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Selection:
        given = [self.ids, self.filters, self.incident]
        if sum(each is not None for each in given) != 1:
            raise ValueError("give one of ids, filters or incident")
        return self

    def as_filters(self, pseudonym: Text | None = None) -> Filters:
        """Say it in the store's words; ids are not among them."""
        if self.filters is None:
            return Filters(fingerprint=self.incident)
        chosen = self.filters
        return Filters(
            schema=chosen.schema_,
            error_type=chosen.error_type,
            code=chosen.code,
            status=chosen.status,
            topic=chosen.topic,
            fingerprint=chosen.incident,
            key=chosen.key,
            since=chosen.since,
            until=chosen.until,
            q=chosen.q,
            pseudonym=pseudonym,
        )


class NoRepair(_Part):
    """The record as it came: after a change of the schema."""

    kind: Literal["none"] = "none"


class Edit(_Part):
    """New payloads by quarantine id; what is masked must be left as it is shown."""

    kind: Literal["edit"]
    edits: dict[UUID, Any] = Field(min_length=1, max_length=1000)


class Patch(_Part):
    """One JSON Patch (RFC 6902) for all records."""

    kind: Literal["patch"]
    patch: list[dict[str, Any]] = Field(min_length=1, max_length=1000)


class Recipe(_Part):
    """Remediation steps as a schema file has them, for all records."""

    kind: Literal["recipe"]
    steps: list[dict[str, Any]] = Field(min_length=1, max_length=100)


Repair = Annotated[NoRepair | Edit | Patch | Recipe, Field(discriminator="kind")]


class NewReplay(_Part):
    """A replay to be planned, and with `dry_run: false` run at once."""

    selection: Selection
    repair: Repair = Field(default_factory=NoRepair)
    schema_: str | None = Field(
        None,
        alias="schema",
        pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,127}@[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$",
    )
    target: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,249}$")
    rate_per_s: float | None = Field(None, gt=0, le=1_000_000)
    on_failure: OnFailure = OnFailure.STOP_ON_ERROR
    why: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_plain)]
    dry_run: bool = True

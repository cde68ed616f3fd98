"""Kinds of values that several resources take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _only_text(value: Any) -> Any:
    """Refuse numbers, which would count as seconds since 1970."""
    if isinstance(value, str) and "T" not in value.upper():
        raise ValueError("expected a time as in 2026-01-31T16:00:00Z")
    return value


def _aware(moment: datetime) -> datetime:
    """Take a time without a zone as UTC."""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not 1 < moment.year < 9999:
        raise ValueError("the year must be between 2 and 9998")
    return moment.astimezone(UTC)


def _plain(text: str) -> str:
    """Refuse what Postgres keeps in no text."""
    if "\x00" in text:
        raise ValueError("a NUL character")
    return text


Moment = Annotated[
    datetime, Field(strict=False), BeforeValidator(_only_text), AfterValidator(_aware)
]
Text = Annotated[str, Field(max_length=512), AfterValidator(_plain)]
Why = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_plain)]
#: Where a reason may be left out.
Remark = Annotated[str, Field(max_length=2000), AfterValidator(_plain)]
Cursor = Annotated[str, Field(max_length=1024)]
Limit = Annotated[int, Field(ge=1, le=500)]


class Asked(BaseModel):
    """What comes in: unknown names are refused, lest a misspelt filter chooses everything."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Reason(Asked):
    """Why something is done; kept in the audit log."""

    why: Why

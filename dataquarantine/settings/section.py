"""What every group of settings is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]


class Section(BaseModel):
    """A group of settings; immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

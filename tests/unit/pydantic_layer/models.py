"""Models that the tests allow."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Address(BaseModel):
    street: str
    zip: Annotated[str, Field(pattern=r"^[0-9]{5}$")]


class Customer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: int = Field(gt=0)
    kind: Literal["private", "company"]
    email: str = Field(json_schema_extra={"x-pii": "mask"})
    created: datetime
    addresses: list[Address] = []
    scores: dict[str, float] = {}
    reference: int | Address | None = None

    @field_validator("email")
    @classmethod
    def _has_an_at(cls, email: str) -> str:
        if "@" not in email:
            raise ValueError(f"{email} has no @")
        return email


class Broken(BaseModel):
    id: int

    @field_validator("id")
    @classmethod
    def _fails(cls, value: int) -> int:
        raise RuntimeError("out of order")


NOT_A_MODEL: Any = 5

"""A schema as its author writes it: `schemas/<name>/<version>.yaml`."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

#: A record's word for a schema must match this before any lookup.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}\Z")
#: SemVer 2.0.0, section 2 and 9 to 10.
VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?\Z",
    re.ASCII,
)

Compatibility = Literal[
    "NONE",
    "BACKWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
]


def is_schema_name(name: str) -> bool:
    """Tell whether a name may be looked up at all; names that are paths are refused."""
    return NAME.match(name) is not None and ".." not in name


def is_version(version: str) -> bool:
    """Tell whether a text is a SemVer version."""
    return len(version) <= 64 and VERSION.match(version) is not None


class RuleDocument(BaseModel):
    """A business rule: our short form, or Confluent's rule object as it stands."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    expression: str = ""
    error: str | None = None
    severity: Literal["error", "warn"] = "error"
    # Confluent's form, taken as it stands
    doc: str | None = None
    kind: Literal["CONDITION", "TRANSFORM"] = "CONDITION"
    mode: str | None = None
    type: str = "CEL"
    expr: str | None = None
    on_failure: str | None = Field(None, alias="onFailure")
    disabled: bool = False

    @model_validator(mode="after")
    def _has_an_expression(self) -> RuleDocument:
        if not (self.expression or self.expr):
            raise ValueError(f"rule {self.name!r} has no expression")
        return self

    @property
    def text(self) -> str:
        """The CEL text."""
        return self.expression or self.expr or ""


class SchemaDocument(BaseModel):
    """One version of a schema. `definition` is the JSON Schema or Avro schema itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: str
    version: str
    description: str = ""
    owner: str = ""
    type: Literal["json_schema", "avro", "pydantic"] = "json_schema"
    definition: Any = Field(None, alias="schema")
    model: str | None = None
    strict: bool = False
    key: str | None = None
    rules: tuple[RuleDocument, ...] = ()
    remediation: tuple[dict[str, Any], ...] = ()
    keep_original: bool = False
    compatibility: Compatibility = "BACKWARD"
    fallback: tuple[str, ...] = ()
    examples: tuple[Any, ...] = ()
    counter_examples: tuple[Any, ...] = ()

    @field_validator("name")
    @classmethod
    def _name_is_safe(cls, name: str) -> str:
        if not is_schema_name(name):
            raise ValueError(f"{name!r} is no schema name: a letter, then letters, digits, _ . -")
        return name

    @field_validator("version")
    @classmethod
    def _version_is_semver(cls, version: str) -> str:
        if not is_version(version):
            raise ValueError(f"{version!r} is no SemVer version such as 1.0.0")
        return version

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

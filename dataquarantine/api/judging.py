"""Judging one payload, and proposing a schema from some: below `/api/v1/schemas`."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Field

from dataquarantine.api.errors import not_found
from dataquarantine.api.fields import Asked
from dataquarantine.api.http import Request
from dataquarantine.api.identity import Role
from dataquarantine.api.processes import Processes
from dataquarantine.api.routes import route
from dataquarantine.outcomes import ValidationResult
from dataquarantine.quarantine.envelope import violation_document
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.inference import infer
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.selection import HEADER

INFER_TIMEOUT_S = 30.0
_NAME = r"^[A-Za-z][A-Za-z0-9_.-]{0,127}$"


class Specimen(Asked):
    """A payload; `version` null: the latest that is enforced."""

    version: str | None = Field(None, max_length=64)
    payload: Any


class ViolationShown(BaseModel):
    """One broken rule; locations are JSON Pointers."""

    code: str
    keyword: str
    message: str
    field_path: str | None
    instance_location: str
    keyword_location: str
    rule: str | None
    severity: str


class Judgement(BaseModel):
    """What a pipeline would say."""

    result: ValidationResult
    error_type: str | None
    schema_version: str | None
    violations: list[ViolationShown]
    remediated: bool


class Samples(Asked):
    """JSON documents; `name` is what the schema will be called."""

    records: list[Any] = Field(min_length=1, max_length=10_000)
    name: str = Field("inferred", pattern=_NAME)


class Evidence(BaseModel):
    """Why one place of the schema is as it is: seen `present` times in `of` parents."""

    path: str
    present: int
    of: int
    types: dict[str, int]
    notes: list[str]


class Inferred(BaseModel):
    """A schema that all samples pass; `document` is what belongs into a schema file."""

    document: dict[str, Any]
    samples: int
    evidence: list[Evidence]


class Judging:
    """Judges and infers; writes nothing."""

    def __init__(self, catalog: Catalog, processes: Processes) -> None:
        self._catalog = catalog
        self._processes = processes

    @route("POST", "/schemas/{name}/validate", "Judge a payload", role=Role.VIEWER)
    def validate(self, request: Request, name: str, body: Specimen) -> Judgement:
        """By the very engine of the pipelines, rules and remediation included."""
        versions = [
            listed.document.version
            for listed in self._catalog.versions()
            if listed.document.name == name
        ]
        if not versions:
            raise not_found("there is no such schema", "see /api/v1/schemas")
        if body.version is not None and body.version not in versions:
            raise not_found(f"{name} has no such version", f"known: {versions[-5:]}", 40402)
        wanted = name if body.version is None else f"{name}@{body.version}"
        value = json.dumps(body.payload).encode()
        record = SourceRecord(value, headers=[(HEADER, wanted.encode())])
        pipeline = PipelineSettings(max_record_bytes=len(value))
        [outcome] = Engine(self._catalog, pipeline).judge([record]).outcomes
        return Judgement.model_validate(
            {
                "result": outcome.result,
                "error_type": outcome.error_type,
                "schema_version": outcome.schema_version,
                "violations": [violation_document(each) for each in outcome.violations],
                "remediated": outcome.remediated,
            }
        )

    @route(
        "POST", "/schemas/infer", "Propose a schema from samples", role=Role.VIEWER, errors=(504,)
    )
    async def infer(self, request: Request, body: Samples) -> Inferred:
        found = await self._processes.run(INFER_TIMEOUT_S, inferred, body.records, body.name)
        return Inferred.model_validate(found)


def inferred(samples: list[Any], name: str) -> dict[str, Any]:
    """Infer; called in a process of its own."""
    proposal = infer(samples, name=name)
    return {
        "document": proposal.document,
        "samples": proposal.samples,
        "evidence": [
            {
                "path": each.path,
                "present": each.present,
                "of": each.of,
                "types": each.types,
                "notes": list(each.notes),
            }
            for each in proposal.evidence
        ],
    }

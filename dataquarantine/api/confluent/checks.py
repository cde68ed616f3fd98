"""Compatibility without registering."""

from __future__ import annotations

import asyncio
from typing import Any

from dataquarantine.api.confluent import wire
from dataquarantine.api.confluent.subjects import Subjects
from dataquarantine.api.confluent.translate import document_of
from dataquarantine.api.confluent.wire import ApiError, Request
from dataquarantine.schemas.compatibility import CompatibilityReport, check
from dataquarantine.schemas.documents import SchemaDocument, is_schema_name
from dataquarantine.schemas.registry import Entry, Registry
from dataquarantine.schemas.reviews import parse_document
from dataquarantine.schemas.versions import FIRST_VERSION


class Checks:
    """Compatibility without registering."""

    def __init__(self, registry: Registry, subjects: Subjects) -> None:
        self._registry = registry
        self._subjects = subjects

    async def with_version(self, request: Request, subject: str, version: str) -> Any:
        document = self._document(request, subject)
        try:
            earlier = [self._subjects.version(subject, version, request)]
        except ApiError as exc:
            if exc.code != 40401 or version != "latest":
                raise
            earlier = []
        return await self._compared(request, document, earlier)

    async def with_all(self, request: Request, subject: str) -> Any:
        document = self._document(request, subject)
        return await self._compared(request, document, self._subjects.shown(subject, request))

    def _document(self, request: Request, subject: str) -> SchemaDocument:
        if not is_schema_name(subject):
            raise wire.invalid_subject(subject)
        content = document_of(subject, request.json(), self._registry)
        document, problem = parse_document({**content, "version": FIRST_VERSION})
        if document is None:
            raise wire.invalid_schema(problem)
        return document

    async def _compared(
        self, request: Request, document: SchemaDocument, earlier: list[Entry]
    ) -> Any:
        mode = self._registry.compatibility(document.name)
        # Milliseconds of CPU that the loop of the records must not wait for.
        report = await asyncio.to_thread(
            check,
            document,
            [entry.document for entry in earlier],
            mode,
            self._registry.policy(document.name),
        )
        answer: dict[str, Any] = {"is_compatible": report.compatible}
        if request.flag("verbose"):
            answer["messages"] = _messages(report, mode)
        return answer


def _messages(report: CompatibilityReport, mode: str) -> list[str]:
    """Write each reason as a text, the counter-example last."""
    found = [
        f"{{errorType:'{d.code}', path:'#{d.pointer}', direction:'{d.direction}', "
        f"description:'{d.message}', policy:'{d.decided_by(report.policy)}'}}"
        for d in report.breaking()
    ]
    found += [f"{{errorType:'UNDECIDED', description:'{text}'}}" for text in report.undecided]
    if report.has_counter_example:
        found.append(f"{{counterExample: {report.counter_example!r}}}")
    return [*found, f"{{compatibility: '{mode}'}}"] if found else []

"""What judges records without the registry: below `/api/v1/unregistered-schemas`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel

from dataquarantine.api.errors import not_found
from dataquarantine.api.http import Request
from dataquarantine.api.routes import route
from dataquarantine.api.schema_models import UnregisteredVersion
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.schemas.lives import described
from dataquarantine.schemas.registry import Registry
from dataquarantine.schemas.reviews import canonical


class UnregisteredDetail(UnregisteredVersion):
    """A version with its document."""

    document: dict[str, Any]


class UnregisteredVersions(BaseModel):
    items: list[UnregisteredVersion]
    next: None = None


class Unregistered:
    """Shows the files of the schema folder, and what was read through from another registry.

    Such a version judges as long as the registry enforces none of its name.

    Args: judging: lists everything that may judge.
    """

    def __init__(self, registry: Registry, judging: Callable[[], Sequence[ListedSchema]]) -> None:
        self._registry = registry
        self._judging = judging

    @route("GET", "/unregistered-schemas", "List what judges without being registered")
    async def list_versions(self, request: Request) -> UnregisteredVersions:
        """Files of the schema folder, and versions of another registry: those of names of which
        no registered version is enforced."""
        return UnregisteredVersions(
            items=[UnregisteredVersion.model_validate(_summary(each)) for each in self._documents()]
        )

    @route(
        "GET",
        "/unregistered-schemas/{name}/versions/{version}",
        "Show a version that judges without being registered",
    )
    async def show(self, request: Request, name: str, version: str) -> UnregisteredDetail:
        for each in self._documents():
            if (each.name, each.version) == (name, version):
                shown = {**_summary(each), "document": canonical(each)}
                return UnregisteredDetail.model_validate(shown)
        raise not_found(
            f"{name}@{version} does not judge without being registered", "see /api/v1/schemas"
        )

    def _documents(self) -> list[SchemaDocument]:
        listed = (each.document for each in self._judging())
        return [document for document in listed if not self._is_judged(document.name)]

    def _is_judged(self, name: str) -> bool:
        return any(entry.state.judges for entry in self._registry.versions(name))


def _summary(document: SchemaDocument) -> dict[str, Any]:
    return {"name": document.name, "version": document.version, **described(document)}

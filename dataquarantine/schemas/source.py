"""The registry as a source of schemas for the catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.schemas.registry import Entry, Registry
from dataquarantine.schemas.states import State


@dataclass(frozen=True, slots=True)
class ShadowSchema:
    """A version that judges beside the enforced one, and on which share of the traffic."""

    document: SchemaDocument
    sampling: float
    decided_by: str
    since: str


class RegistrySource:
    """Lists the registered versions that may judge; hides the files of every name that it lists.

    A version is parsed once and listed as the same object until its state changes, so that
    comparing two listings costs nothing per unchanged version.

    Args: with_ids: without them, ids in records are those of another registry.
    """

    def __init__(self, registry: Registry, *, with_ids: bool = True) -> None:
        self._registry = registry
        self._with_ids = with_ids
        self._listed: dict[int, tuple[State, ListedSchema]] = {}

    def read(self) -> Sequence[ListedSchema]:
        """List enforced and deprecated versions; no I/O."""
        listed: dict[int, tuple[State, ListedSchema]] = {}
        for entry in _entries(self._registry):
            if entry.state.judges:
                known = self._listed.get(entry.id)
                if known is None or known[0] is not entry.state:
                    known = (entry.state, _list(entry, with_id=self._with_ids))
                listed[entry.id] = known
        self._listed = listed
        return [schema for _, schema in listed.values()]

    def shadows(self) -> list[ShadowSchema]:
        """List the versions in shadow whose name has an enforced version to compare with."""
        found = []
        for entry in _entries(self._registry):
            if entry.state is not State.SHADOW:
                continue
            enforced = self._registry.enforced(entry.name)
            if enforced is not None:
                found.append(
                    ShadowSchema(entry.document, entry.sampling, enforced.version, entry.since)
                )
        return found


def _entries(registry: Registry) -> list[Entry]:
    # Copies: the agent may fold a row while a thread lists.
    return [
        entry for versions in list(registry.names.values()) for entry in list(versions.values())
    ]


def _list(entry: Entry, *, with_id: bool) -> ListedSchema:
    schema_id = entry.id if with_id else None
    return ListedSchema(entry.document, entry.state is State.ENFORCED, schema_id)

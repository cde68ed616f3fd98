"""What a job does to a record's payload before it is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from dataquarantine.errors import DataQuarantineError
from dataquarantine.replay import json_patch
from dataquarantine.replay.requests import Edit, NoRepair, Patch, Recipe, Repair
from dataquarantine.validation.payload import UNDECODABLE, decode_exact, encode_exact
from dataquarantine.validation.remediation import Remediation, compile_remediation


class RepairFailed(DataQuarantineError):
    """A repair can't be done on this record."""


class Repairer(Protocol):
    """Repairs payloads; the same bytes come back where nothing is to be done."""

    def repair(self, record_id: UUID, payload: bytes | None, schema: str | None) -> bytes | None:
        """Return the payload to publish.

        Args: schema: name of the schema that judged the record.
        Raises: RepairFailed.
        """


class AsItCame:
    """No repair."""

    def repair(self, record_id: UUID, payload: bytes | None, schema: str | None) -> bytes | None:
        return payload


class _ByPatch:
    """Applies a patch: one for all, or each record its own (an edit)."""

    def __init__(self, patch_of: Callable[[UUID], Sequence[json_patch.Operation]]) -> None:
        self._patch_of = patch_of

    def repair(self, record_id: UUID, payload: bytes | None, schema: str | None) -> bytes | None:
        patch = self._patch_of(record_id)
        if not patch:
            return payload
        document = _decoded(payload)
        try:
            changed = json_patch.apply(document, patch)
        except json_patch.PatchRefused as exc:
            raise RepairFailed(str(exc)) from exc
        return payload if json_patch.equal(changed, document) else encode_exact(changed)


class _ByRecipe:
    """Applies remediation steps, compiled against the schema that judges the record."""

    def __init__(
        self,
        steps: Sequence[Mapping[str, Any]],
        definition_of: Callable[[str | None], Mapping[str, Any] | None],
        keep: Sequence[str],
        now: datetime,
    ) -> None:
        self._steps = steps
        self._definition_of = definition_of
        self._keep = keep
        self._now = now
        self._compiled: dict[str | None, Remediation] = {}

    def repair(self, record_id: UUID, payload: bytes | None, schema: str | None) -> bytes | None:
        document = _decoded(payload)
        changed, steps = self._remediation(schema).apply(document, self._now)
        return encode_exact(changed) if steps else payload

    def _remediation(self, schema: str | None) -> Remediation:
        found = self._compiled.get(schema)
        if found is None:
            definition = self._definition_of(schema)
            try:
                found = compile_remediation(self._steps, definition, keep=self._keep)
            except DataQuarantineError as exc:
                raise RepairFailed(str(exc)) from exc
            self._compiled[schema] = found
        return found


def repairer(
    repair: Repair,
    definition_of: Callable[[str | None], Mapping[str, Any] | None],
    *,
    keep: Sequence[str],
    now: datetime,
) -> Repairer:
    """Make the repairer of a job; edits are stored as patches of the originals.

    Args: definition_of: gives a schema's JSON Schema, None when there is none.
        keep: selector fields, which no step drops. now: what `now()` means in a step.
    """
    match repair:
        case NoRepair():
            return AsItCame()
        case Edit(edits=edits):
            return _ByPatch(lambda record_id: edits.get(record_id, ()))
        case Patch(patch=patch):
            return _ByPatch(lambda record_id: patch)
        case Recipe(steps=steps):
            return _ByRecipe(steps, definition_of, keep, now)


def _decoded(payload: bytes | None) -> Any:
    try:
        return decode_exact(payload or b"")
    except UNDECODABLE:
        raise RepairFailed("the payload is no JSON, so it can't be repaired by fields") from None

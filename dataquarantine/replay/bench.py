"""Repairing stored records and judging them as the pipeline would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dataquarantine.errors import DataQuarantineError
from dataquarantine.outcomes import Code, JudgedChunk, ValidationOutcome
from dataquarantine.quarantine.envelope import Envelope
from dataquarantine.quarantine.layouts import object_of
from dataquarantine.quarantine.payloads import Payloads, PayloadUnreachable
from dataquarantine.records import SourceRecord
from dataquarantine.replay.repairs import AsItCame, Repairer, RepairFailed
from dataquarantine.schemas.catalog import SchemaCatalog
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import Settings
from dataquarantine.validation.compiled import CompiledSchema
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.isolation.recipe import fixed_catalog
from dataquarantine.validation.selection import HEADER

#: A row of `quarantine_records`, by column.
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Repaired:
    """A stored record and its payload after the repair; `problem` says why there is none.

    changed: the repair did what it was meant to, which may be nothing.
    """

    row: Row
    envelope: Envelope | None = None
    payload: bytes | None = None
    changed: bool = False
    problem: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A repaired record and the judgement of it; none where there was nothing to judge.

    key: the one it would be forwarded with.
    """

    repaired: Repaired
    outcome: ValidationOutcome | None = None
    key: bytes | None = None

    @property
    def fate(self) -> str:
        """Say what a run would do: pass, fail, or unchanged (the repair does not touch it)."""
        if self.outcome is not None and self.outcome.passed:
            return "pass"
        return "unchanged" if self._is_untouched else "fail"

    @property
    def _is_untouched(self) -> bool:
        return self.repaired.problem is None and not self.repaired.changed

    @property
    def schema_ref(self) -> str | None:
        """Name the version that judged."""
        outcome = self.outcome
        if outcome is None or outcome.schema_name is None or outcome.schema_version is None:
            return None
        return f"{outcome.schema_name}@{outcome.schema_version}"


class Bench:
    """Engines and payloads of one gateway, for work beside the flow. Blocking: not for a loop.

    Args: schemas: what may judge, as `Catalog.versions()` gives it.
    """

    def __init__(
        self, settings: Settings, schemas: Sequence[ListedSchema], payloads: Payloads
    ) -> None:
        self.settings = settings
        self.catalog = fixed_catalog(schemas, settings.schemas.model_packages)
        self.pipelines = {pipeline.source: pipeline for pipeline in settings.pipelines}
        self._engines = {s: Engine(self.catalog, p) for s, p in self.pipelines.items()}
        self._payloads = payloads
        self._pool = ThreadPoolExecutor(settings.s3.workers, thread_name_prefix="replay")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    @property
    def selectors(self) -> list[str]:
        """Name the fields by which records select their schema."""
        return selector_fields(self.settings)

    def definition(self, reference: str | None) -> Mapping[str, Any] | None:
        """Give the JSON Schema of `name` (its latest version) or `name@version`, if there is."""
        return definition_of(self.catalog, reference)

    def repair(self, rows: Sequence[Row], repairer: Repairer, pinned: str | None) -> list[Repaired]:
        """Fetch the originals and repair them.

        Raises: SinkUnavailable, TopicUnreadable when stores or broker are away.
        """
        envelopes = self._envelopes(rows)
        return [self._repaired(row, envelopes[row["id"]], repairer, pinned) for row in rows]

    def judge(self, repaired: Sequence[Repaired], pinned: str | None) -> list[Tried]:
        """Judge what the repair left, in order, by the engines of the pipelines."""
        found: dict[UUID, tuple[ValidationOutcome, bytes | None]] = {}
        for topic, group in _by_topic(repaired).items():
            records = [_record(each, pinned) for each in group]
            judged: JudgedChunk = self._engines[topic].judge(records)
            ids = [each.row["id"] for each in group]
            answers = zip(judged.outcomes, judged.keys, strict=True)
            found |= dict(zip(ids, answers, strict=True))
        return [Tried(each, *found.get(each.row["id"], (None, None))) for each in repaired]

    def _envelopes(self, rows: Sequence[Row]) -> dict[UUID, Envelope | PayloadUnreachable]:
        """Fetch the envelopes by record, all of an object at once."""
        groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            groups[object_of(row["storage_path"])].append(dict(row))
        fetched = self._pool.map(self._payloads.envelopes, groups.values())
        return {
            row["id"]: envelope
            for group, found in zip(groups.values(), fetched, strict=True)
            for row, envelope in zip(group, found, strict=True)
        }

    def _repaired(
        self,
        row: Row,
        envelope: Envelope | PayloadUnreachable,
        repairer: Repairer,
        pinned: str | None,
    ) -> Repaired:
        if row["topic"] not in self.pipelines:
            return Repaired(row, problem="no pipeline reads its topic", code="NO_PIPELINE")
        if row["code"] == Code.POISON:
            problem = "judging it ended a process before"
            return Repaired(row, problem=problem, code=Code.POISON)
        if isinstance(envelope, PayloadUnreachable):
            return Repaired(row, problem=str(envelope), code="PAYLOAD_UNREACHABLE")
        original = envelope.payload()
        try:
            payload = repairer.repair(row["id"], original, pinned or row["schema_name"])
        except RepairFailed as exc:
            return Repaired(row, envelope, problem=str(exc), code="REPAIR_FAILED")
        meant = isinstance(repairer, AsItCame) or payload != original
        return Repaired(row, envelope, payload, changed=meant)


def definition_of(catalog: SchemaCatalog, reference: str | None) -> Mapping[str, Any] | None:
    """Give the JSON Schema of `name` (its latest version) or `name@version`, if there is."""
    name, _, version = (reference or "").partition("@")
    found = catalog.find(name, version or None) if name else None
    if isinstance(found, CompiledSchema) and isinstance(found.definition, Mapping):
        return found.definition
    return None


def selector_fields(settings: Settings) -> list[str]:
    """Name the fields by which records select their schema."""
    fields = {pipeline.selection.field for pipeline in settings.pipelines}
    return sorted(name for f in fields for name in (f, f"{f}_version"))


def _by_topic(repaired: Sequence[Repaired]) -> dict[str, list[Repaired]]:
    groups: defaultdict[str, list[Repaired]] = defaultdict(list)
    for each in repaired:
        if each.problem is None:
            groups[each.row["topic"]].append(each)
    return groups


def _record(repaired: Repaired, pinned: str | None) -> SourceRecord:
    row, envelope = repaired.row, repaired.envelope
    if envelope is None:
        raise DataQuarantineError(f"record {row['id']} has no payload to judge")
    headers = envelope.headers()
    if pinned is not None:
        headers = [*(h for h in headers if h[0] != HEADER), (HEADER, pinned.encode())]
    return SourceRecord(
        repaired.payload,
        row["topic"],
        row["partition"],
        row["offset"],
        row["source_timestamp_ms"],
        envelope.key(),
        headers,
    )

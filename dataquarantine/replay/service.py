"""Replays as people ask for them, from the API or the command line. Blocking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import text

from dataquarantine.clock import Clock
from dataquarantine.errors import DataQuarantineError
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.payloads import Payloads
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.quarantine.review import NotQuarantined
from dataquarantine.replay import json_patch, privacy
from dataquarantine.replay.bench import definition_of, selector_fields
from dataquarantine.replay.example import Example, derive
from dataquarantine.replay.jobs import ReplayJobs
from dataquarantine.replay.json_diff import diff
from dataquarantine.replay.requests import Edit, NewReplay, NoRepair, Patch, Selection
from dataquarantine.schemas.catalog import SchemaCatalog
from dataquarantine.settings import Settings
from dataquarantine.store import edits
from dataquarantine.store.postgres import Database
from dataquarantine.store.queries import QuarantineQueries, conditions
from dataquarantine.validation.masking import mask_document, mask_value
from dataquarantine.validation.payload import UNDECODABLE, decode_exact
from dataquarantine.validation.remediation import compile_remediation


class NoJson(DataQuarantineError):
    """A payload that can't be edited by fields."""

    def __init__(self, record_id: UUID) -> None:
        super().__init__(f"the payload of {record_id} is no JSON, so it can't be edited by fields")


class UnknownTarget(DataQuarantineError):
    """A topic that replays must not go to."""


class Replays:
    """Makes jobs, with every repair checked against what the asker may see."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        payloads: Payloads,
        catalog: SchemaCatalog,
        clock: Clock,
    ) -> None:
        self.jobs = ReplayJobs(database)
        self._settings = settings
        self._database = database
        self._queries = QuarantineQueries(database)
        self._payloads = payloads
        self._catalog = catalog
        self._clock = clock
        self._keys = PrivateKeys.from_settings(settings)

    def create(self, wanted: NewReplay, by: Signed, *, can_unmask: bool) -> UUID:
        """Make a job: its selection is frozen, its dry run is somebody's next work.

        Raises: NothingSelected, MaskedPlace, PatchRefused, InvalidSchema, UnknownTarget,
            NotQuarantined, SinkUnavailable.
        """
        self._check_target(wanted.target)
        pseudonym = self._pseudonym(wanted.selection)
        repair = self._repair(wanted, pseudonym, can_unmask=can_unmask)
        now = self._clock.now()
        return self.jobs.create(wanted, repair, by, now, pseudonym=pseudonym)

    def tell(self, job_id: UUID, verb: str, by: Signed) -> None:
        """Run, pause, resume or cancel a job.

        Raises: NoSuchReplay, ReplayConflict, SinkUnavailable.
        """
        self.jobs.tell(job_id, verb, by, self._clock.now())

    def example(self, record_id: UUID, edited: Any, *, can_unmask: bool) -> Example:
        """Derive a patch and a recipe from one edited record.

        Raises: NotQuarantined, NoJson, MaskedPlace, PayloadUnreachable, SinkUnavailable.
        """
        original, definition = self._original(record_id)
        patch = self._patch_of_edit(original, edited, definition, can_unmask=can_unmask)
        changed = json_patch.apply(original, patch)
        keep = selector_fields(self._settings)
        return derive(original, changed, patch, definition, keep=keep, now=self._clock.now())

    def _repair(
        self, wanted: NewReplay, pseudonym: str | None, *, can_unmask: bool
    ) -> Mapping[str, Any]:
        repair = wanted.repair
        if isinstance(repair, NoRepair):
            return {"kind": "none"}
        if isinstance(repair, Edit):
            patches = {
                str(record_id): self._edit(record_id, edited, can_unmask=can_unmask)
                for record_id, edited in repair.edits.items()
            }
            return {"kind": "edit", "edits": patches}
        names = [wanted.schema_] if wanted.schema_ else self._schemas(wanted.selection, pseudonym)
        definitions = [definition_of(self._catalog, name) for name in names]
        if isinstance(repair, Patch):
            json_patch.check(repair.patch)
            found: dict[str, Any] = {"kind": "patch", "patch": repair.patch}
            check = partial(privacy.check_patch, repair.patch)
        else:
            for definition in definitions:
                keep = selector_fields(self._settings)
                compile_remediation(repair.steps, definition, keep=keep)
            found = {"kind": "recipe", "steps": repair.steps}
            check = partial(privacy.check_recipe, repair.steps)
        if _names_masked(check, definitions, can_unmask=can_unmask):
            found[edits.PRIVATE] = True
        return found

    def _edit(self, record_id: UUID, edited: Any, *, can_unmask: bool) -> list[dict[str, Any]]:
        original, definition = self._original(record_id)
        return self._patch_of_edit(original, edited, definition, can_unmask=can_unmask)

    def _patch_of_edit(
        self,
        original: Any,
        edited: Any,
        definition: Mapping[str, Any] | None,
        *,
        can_unmask: bool,
    ) -> list[dict[str, Any]]:
        """Find what was changed, against what the asker was shown."""
        shown = mask_value(original)
        if definition is not None:
            key = self._settings.pii_key
            secret = key.get_secret_value().encode() if key else None
            shown = mask_document(original, definition, key=secret)
        patch = diff(shown, edited)
        if can_unmask:
            unmasked = diff(original, edited)
            return min(patch, unmasked, key=len)
        privacy.check_patch(patch, definition)
        return patch

    def _original(self, record_id: UUID) -> tuple[Any, Mapping[str, Any] | None]:
        item = self._queries.get(record_id)
        if item is None:
            raise NotQuarantined(f"record {record_id}")
        payload = self._payloads.envelope(item).payload()
        try:
            original = decode_exact(payload or b"")
        except UNDECODABLE:
            raise NoJson(record_id) from None
        name, version = item["schema_name"], item["schema_version"]
        judged_by = definition_of(self._catalog, f"{name}@{version}") if version else None
        return original, judged_by or definition_of(self._catalog, name)

    def _schemas(self, selection: Selection, pseudonym: str | None) -> list[str | None]:
        """Name the schemas of the selected records."""
        if selection.ids is not None:
            where, values = ["id = ANY(CAST(:ids AS uuid[]))"], {"ids": [*map(str, selection.ids)]}
        else:
            where, values = conditions(selection.as_filters(pseudonym))
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        statement = text(f"SELECT DISTINCT schema_name FROM quarantine_records {condition}")
        return self._database.transact(lambda c: list(c.execute(statement, values).scalars()))

    def _pseudonym(self, selection: Selection) -> str | None:
        chosen = selection.filters
        asked = (chosen.key or (chosen.q or "").strip()) if chosen is not None else None
        return self._keys.pseudonym(asked) if asked else None

    def _check_target(self, target: str | None) -> None:
        pipelines = self._settings.pipelines
        own = {topic for p in pipelines for topic in (p.source, p.dead_letter)}
        if target is not None and (target in own or target.startswith("dataquarantine-")):
            raise UnknownTarget(
                f"{target} is not a place for replays: name a topic of your own, or none: then "
                "records go through the pipeline they came by and are judged again"
            )


def _names_masked(
    check: Callable[[privacy.Definition], None],
    definitions: Sequence[privacy.Definition],
    *,
    can_unmask: bool,
) -> bool:
    """Tell whether a repair names what a schema masks.

    Raises: MaskedPlace, unless who asks may unmask.
    """
    for definition in definitions:
        try:
            check(definition)
        except privacy.MaskedPlace:
            if not can_unmask:
                raise
            return True
    return False

"""Judging live traffic by shadow versions, beside the verdict that routes it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from dataquarantine.clock import Clock
from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import JudgedChunk
from dataquarantine.records import Record
from dataquarantine.schemas.catalog import Found, UnknownSchema
from dataquarantine.schemas.rollout import ShadowFigures, is_sampled
from dataquarantine.schemas.source import ShadowSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.compiled import CompiledSchema, SchemaCompiler
from dataquarantine.validation.engine import Engine

logger = logging.getLogger(__name__)


class _Pinned:
    """A catalog that answers every question about one name with one version."""

    def __init__(self, schema: CompiledSchema) -> None:
        self._schema = schema

    def find(self, name: str, version: str | None) -> Found:
        return self._schema if name == self._schema.name else UnknownSchema(name, version)

    def find_by_id(self, schema_id: int) -> Found | None:
        return self._schema

    def find_by_fingerprint(self, fingerprint: bytes) -> Found | None:
        return self._schema


class ShadowBench:
    """Compares shadow versions with the verdicts of the versions that decide.

    Figures are this worker's since it began to watch a version; `since` tells them apart from
    those of an earlier time in shadow.
    """

    def __init__(self, pipelines: Mapping[str, PipelineSettings], clock: Clock) -> None:
        self._pipelines = pipelines
        self._clock = clock
        self._watched: dict[tuple[str, str], tuple[ShadowSchema, dict[str, Engine]]] = {}
        self.figures: dict[tuple[str, str], tuple[str, ShadowFigures]] = {}

    def watch(self, shadows: Sequence[ShadowSchema], compiler: SchemaCompiler) -> None:
        """Compile the shadows there are; one that can't be compiled is left out, as registered."""
        watched = {}
        for shadow in shadows:
            key = (shadow.document.name, shadow.document.version)
            known = self._watched.get(key)
            if known is not None and known[0] == shadow:
                watched[key] = known
                continue
            try:
                catalog = _Pinned(compiler.compile(shadow.document))
            except InvalidSchema:
                continue
            logger.info(
                "%s@%s in shadow judges beside what decides",
                *key,
                extra={"action": "shadow_watched"},
            )
            watched[key] = (
                shadow,
                {
                    source: Engine(catalog, pipeline, clock=self._clock)
                    for source, pipeline in self._pipelines.items()
                },
            )
            if self.figures.get(key, ("",))[0] != shadow.since:
                self.figures[key] = (shadow.since, ShadowFigures())
        self._watched = watched
        self.figures = {key: self.figures[key] for key in watched}

    def compare(
        self, source: str, records: Sequence[Record], judged: JudgedChunk
    ) -> dict[tuple[str, str], int]:
        """Judge the sampled records of a chunk again and count where the verdicts differ.

        Returns: how many differ in this chunk, by (name, version) of the shadows where any does.
        Cost: nothing without a shadow; else as much as judging the sampled records once more.
        """
        differing = {}
        for key, (shadow, engines) in self._watched.items():
            taken = [
                index
                for index, outcome in enumerate(judged.outcomes)
                if outcome.schema_name == key[0]
                and outcome.schema_version == shadow.decided_by
                and is_sampled(records[index].offset, shadow.sampling)
            ]
            if not taken:
                continue
            figures = self.figures[key][1]
            before = figures.disagreeing
            again = engines[source].judge([records[index] for index in taken]).outcomes
            for index, outcome in zip(taken, again, strict=True):
                record = records[index]
                place = f"{record.topic}/{record.partition}/{record.offset}"
                figures.count(place, judged.outcomes[index], outcome)
            if figures.disagreeing > before:
                differing[key] = figures.disagreeing - before
        return differing

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dataquarantine.clock import SystemClock
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.schemas.shadow import ShadowBench
from dataquarantine.schemas.source import ShadowSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.compiled import SchemaCompiler
from dataquarantine.validation.engine import Engine
from tests.unit.schemas.compatibility_cases import NUMBER, TEXT, obj

PIPELINE = PipelineSettings()


def document(version: str, schema: Any) -> SchemaDocument:
    return SchemaDocument.model_validate({"name": "event", "version": version, "schema": schema})


ENFORCED = document("1.0.0", obj("a", a=TEXT, b=NUMBER))
SHADOW = ShadowSchema(document("2.0.0", obj("b", a=TEXT, b=NUMBER)), 1.0, "1.0.0", "then")
RECORDS = [
    SourceRecord(b'{"_schema":"event","a":"x"}', offset=0),
    SourceRecord(b'{"_schema":"event","a":"x","b":1}', offset=1),
    SourceRecord(b'{"_schema":"event","b":1}', offset=2),
    SourceRecord(b'{"_schema":"other"}', offset=3),
    SourceRecord(b"not json", offset=4),
]


class Given:
    def read(self) -> list[ListedSchema]:
        return [ListedSchema(ENFORCED)]


@pytest.fixture
def bench() -> ShadowBench:
    made = ShadowBench({PIPELINE.source: PIPELINE}, SystemClock())
    made.watch([SHADOW], SchemaCompiler())
    return made


def compare(bench: ShadowBench) -> dict[tuple[str, str], int]:
    catalog = Catalog([Given()])
    catalog.refresh()
    return bench.compare(PIPELINE.source, RECORDS, Engine(catalog, PIPELINE).judge(RECORDS))


def test_verdicts_of_the_deciding_version_are_compared(bench: ShadowBench) -> None:
    assert compare(bench) == {("event", "2.0.0"): 2}

    since, figures = bench.figures["event", "2.0.0"]
    assert since == "then"
    assert (figures.compared, figures.newly_failing, figures.newly_passing) == (3, 1, 1)
    assert [sample.source for sample in figures.failing_samples] == ["raw-events/0/0"]
    assert figures.by_code == {"MISSING_FIELD": 1}


def test_figures_start_anew_when_a_version_comes_into_shadow_again(bench: ShadowBench) -> None:
    compare(bench)
    bench.watch([SHADOW], SchemaCompiler())
    assert bench.figures["event", "2.0.0"][1].compared == 3

    bench.watch([replace(SHADOW, since="later")], SchemaCompiler())

    assert bench.figures["event", "2.0.0"][1].compared == 0


def test_without_shadows_nothing_is_judged_twice(bench: ShadowBench) -> None:
    bench.watch([], SchemaCompiler())

    compare(bench)

    assert bench.figures == {}

"""Cost of judging one record, in turns with `orjson.loads` of the same event.

    python -m benchmarks.judging [--rounds 15]

The ratio is taken within each turn and its median is reported: this machine's speed changes, the
ratio hardly does.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from benchmarks.events import SCHEMA_FILE, schema_with_rules
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema, load_schema_file
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.engine import Engine

CHUNK = 1000
VALID = (
    b'{"_schema":"user_event","user_id":"USER123456","event_type":"purchase",'
    b'"timestamp":"2025-12-27T16:00:00Z","product_id":"PROD789","session_id":"sess_abc123"}'
)
INVALID = (
    b'{"_schema":"user_event","event_type":"bought","timestamp":"2025-12-27T16:00:00Z",'
    b'"product_id":"PROD789","session_id":"sess_abc123"}'
)


@dataclass(frozen=True)
class Cost:
    """What a record costs: microseconds, and how often `orjson.loads` of it fits in there."""

    name: str
    us: float
    ratio: float
    bar: float | None


class Fixed:
    """One schema as all there is."""

    def __init__(self, document: SchemaDocument) -> None:
        self._listed = ListedSchema(document)

    def read(self) -> list[ListedSchema]:
        return [self._listed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    for cost in measure(parser.parse_args().rounds):
        print(line(cost))


def measure(rounds: int = 15) -> list[Cost]:
    """Measure the three kinds of record; bars are those of the project."""
    document = load_schema_file(SCHEMA_FILE)
    ruled = SchemaDocument.model_validate(schema_with_rules())
    gc.collect()
    gc.freeze()
    return [
        _cost("valid", document, VALID, None, rounds),
        _cost("valid, 3 rules", ruled, VALID, 6.5, rounds),
        _cost("invalid, 2 reasons", document, INVALID, 40.0, rounds),
    ]


def line(cost: Cost) -> str:
    bar = "" if cost.bar is None else f"  (bar {cost.bar:g})"
    return f"{cost.name:<20} {cost.us:6.2f} us  {cost.ratio:5.1f} x orjson.loads{bar}"


def _cost(
    name: str, document: SchemaDocument, value: bytes, bar: float | None, rounds: int
) -> Cost:
    catalog = Catalog([Fixed(document)])
    catalog.refresh()
    engine = Engine(catalog, PipelineSettings())
    records = [SourceRecord(value, offset=n) for n in range(CHUNK)]
    expected = name.startswith("valid")
    assert all(o.passed is expected for o in engine.judge(records).outcomes)
    values = [value] * CHUNK
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(_timed(lambda: [orjson.loads(v) for v in values]))
        ours.append(_timed(lambda: engine.judge(records)))
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Cost(name, statistics.median(ours), statistics.median(ratios), bar)


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(5):
        call()
    return (time.perf_counter() - started) / 5 / CHUNK * 1e6


if __name__ == "__main__":
    main()

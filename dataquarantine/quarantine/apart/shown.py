"""The sink's metrics, shown by the worker: one port to scrape, whoever counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import Counter

from dataquarantine import metrics
from dataquarantine.quarantine.apart.protocol import Sample

_FAMILIES = (
    *(metrics.SINK_ERRORS, metrics.SPOOL_RECORDS, metrics.SPOOL_BYTES),
    *(metrics.POOL_ACTIVE, metrics.POOL_MAX, metrics.INCIDENTS, metrics.OLDEST_OPEN_SECONDS),
)


def samples() -> Iterator[Sample]:
    """Read this process's values."""
    for place, family in enumerate(_FAMILIES):
        for metric in family.collect():
            for sample in metric.samples:
                if not sample.name.endswith("_created"):
                    yield place, sample.labels, sample.value


class Shown:
    """Shows what one process of the sink says; counters go on where the one before ended."""

    def __init__(self) -> None:
        self._counted: dict[tuple[int | str, ...], float] = {}

    def show(self, found: Iterable[Sample]) -> None:
        """Take over values."""
        for place, labels, value in found:
            family = _FAMILIES[place]
            child = family.labels(**labels) if labels else family
            if isinstance(child, Counter):
                counted = self._counted.get((place, *labels.values()), 0.0)
                child.inc(value - counted)
                self._counted[place, *labels.values()] = value
            else:
                child.set(value)

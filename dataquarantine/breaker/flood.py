"""The fast trip: stops a source on this worker before its bad records reach the quarantine."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Iterable
from datetime import datetime

import msgspec

from dataquarantine.breaker.states import Sample, Trip
from dataquarantine.clock import Clock
from dataquarantine.outcomes import JudgedChunk
from dataquarantine.settings import BreakerSettings
from dataquarantine.stream.chunk import Chunk
from dataquarantine.stream.gate import Gate
from dataquarantine.validation.tally import Tally

logger = logging.getLogger(__name__)

FLOOD = "flood"
MAX_SCHEMAS = 3


class FloodWindow:
    """The last records of one source that this worker judged, by chunk."""

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self._chunks: deque[tuple[float, int, int]] = deque()
        self.seen = 0
        self.bad = 0

    def add(self, now: float, seen: int, bad: int) -> bool:
        """Count a judged chunk; tell whether enough of the last records were bad.

        Cost: a few additions.
        """
        settings, chunks = self._settings, self._chunks
        chunks.append((now, seen, bad))
        self.seen += seen
        self.bad += bad
        while chunks[0][0] < now - settings.flood_window_s or (
            self.seen - chunks[0][1] >= settings.flood_records
        ):
            _, gone, gone_bad = chunks.popleft()
            self.seen -= gone
            self.bad -= gone_bad
        return self.seen >= settings.flood_records and self.bad >= settings.flood_share * self.seen

    def clear(self) -> None:
        """Begin anew."""
        self._chunks.clear()
        self.seen = self.bad = 0


class FloodGuard:
    """What this worker stopped by itself, and what of it must still be dropped.

    A source is held from the chunk that trips it; what was judged and not produced then is
    withheld until the consumer went back to what is committed.
    """

    def __init__(
        self, settings: BreakerSettings, sources: Iterable[str], gate: Gate, clock: Clock, name: str
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._clock = clock
        self._worker = name
        self._windows = {topic: FloodWindow(settings) for topic in sources}
        self._trips: dict[str, Trip] = {}
        self._dropping: set[str] = set()
        self._admitting: set[str] = set()

    def note(self, chunk: Chunk, judged: JudgedChunk) -> None:
        """Count a judged chunk, and stop its source when that makes a flood."""
        topic, tally = chunk.tp.topic, chunk.tally
        window = self._windows.get(topic)
        if window is None or tally is None or topic in self._trips or topic in self._admitting:
            return
        if not window.add(self._clock.monotonic(), tally.seen, tally.invalid + tally.error):
            return
        self._trips[topic] = self._trip(chunk, judged, tally, window)
        self._gate.hold(topic, FLOOD)
        self.drop(topic)
        logger.error("%s is stopped: %d of %d records bad", topic, window.bad, window.seen)

    def trip(self, topic: str) -> Trip | None:
        """Return what this worker asks for; None when nothing or when it was answered."""
        return self._trips.get(topic)

    def ask(self, topic: str, since: datetime | None) -> Trip:
        """Make the request out for the breaker as it is known now."""
        trip = msgspec.structs.replace(self._trips[topic], since=since, at=self._clock.now())
        self._trips[topic] = trip
        return trip

    def answered(self, topic: str) -> None:
        """Leave a source to its breaker."""
        if self._trips.pop(topic, None) is not None:
            self._windows[topic].clear()
        self._gate.release(topic, FLOOD)

    def admit(self, topic: str, admitting: bool) -> None:
        """Say whether a known bad backlog is let in on purpose."""
        if admitting:
            self._admitting.add(topic)
        elif topic in self._admitting:
            self._admitting.discard(topic)
            self._windows[topic].clear()

    def drop(self, topic: str) -> None:
        """Withhold what is judged of a source and not produced, until `dropped`."""
        self._dropping.add(topic)

    def dropped(self, topic: str) -> None:
        """Say that nothing is in flight any more."""
        self._dropping.discard(topic)

    def withholds(self, topic: str) -> bool:
        """Tell whether chunks of a source must not be produced."""
        return topic in self._dropping

    def _trip(self, chunk: Chunk, judged: JudgedChunk, tally: Tally, window: FloodWindow) -> Trip:
        codes: Counter[str] = Counter()
        bad = {name: s.processed - s.valid for name, s in tally.schemas.items()}
        for schema in tally.schemas.values():
            codes.update({code.value: count for code, count in schema.codes.items()})
        worst = sorted((name for name in bad if bad[name]), key=bad.__getitem__, reverse=True)
        return Trip(
            topic=chunk.tp.topic,
            worker=self._worker,
            seen=window.seen,
            bad=window.bad,
            at=self._clock.now(),
            schemas=tuple(worst[:MAX_SCHEMAS]),
            codes=dict(codes),
            sample=_sample(chunk, judged, self._settings.sample_records),
        )


def _sample(chunk: Chunk, judged: JudgedChunk, count: int) -> tuple[Sample, ...]:
    """Take some bad records, spread over the chunk."""
    pairs = zip(chunk.records, judged.outcomes, strict=True)
    bad = [(record, outcome) for record, outcome in pairs if not outcome.passed]
    step = max(1, len(bad) // count) if count else 1
    return tuple(
        Sample(
            partition=chunk.tp.partition,
            offset=record.offset,
            schema=outcome.schema_name,
            code=outcome.violations[0].code.value if outcome.violations else None,
            field_path=outcome.field_path,
            message=outcome.error_message,
        )
        for record, outcome in bad[::step][:count]
    )

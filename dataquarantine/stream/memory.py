"""Python's garbage collector, told that a chunk's records are not garbage."""

from __future__ import annotations

import gc

#: Allocations before a young collection. In flight there are up to some 100,000 records, each of
#: several containers, all freed by reference counting; at Python's default of 700 collections took
#: half of the CPU (19 us a record with them, 11 without; 400,000 records, 2 cores).
YOUNG = 1_000_000
MIDDLE = 10
OLD = 10


def tune_gc(young: int = YOUNG) -> None:
    """Freeze what start-up made and collect rarely; cycles are still found."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, MIDDLE, OLD)

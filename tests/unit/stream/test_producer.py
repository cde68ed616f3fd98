"""How large batches are made."""

from __future__ import annotations

from dataquarantine.stream.producer import BatchSize


def test_batches_shrink_at_once_and_grow_back_slowly() -> None:
    size = BatchSize(900_000)

    size.shrink()
    size.shrink()
    assert size.bytes == 225_000

    for _ in range(BatchSize.GROW_AFTER_ROUNDS - 1):
        size.grow()
    assert size.bytes == 225_000
    size.grow()
    assert size.bytes == 450_000
    for _ in range(2 * BatchSize.GROW_AFTER_ROUNDS):
        size.grow()
    assert size.bytes == 900_000


def test_batches_never_shrink_below_what_a_record_needs() -> None:
    size = BatchSize(20_000)

    for _ in range(10):
        size.shrink()

    assert size.bytes == BatchSize.SMALLEST

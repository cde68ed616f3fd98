"""The spool's files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataquarantine.errors import SinkUnavailable
from dataquarantine.store import spool as spools
from dataquarantine.store.spool import Spool, SpoolQueue, SpoolTaken


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool.open(tmp_path / "spool", max_bytes=10_000)
    yield spool
    spool.close()


def lines_of(queue: SpoolQueue) -> list[bytes]:
    return [line for segment in queue.sealed() for line in queue.read(segment)]


def test_lines_come_back_in_order_over_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "SEGMENT_BYTES", 64)
    queue = SpoolQueue(tmp_path)
    written = [b"line %03d" % n for n in range(50)]

    for n in range(0, 50, 5):
        queue.append(written[n : n + 5])

    assert len(queue.sealed()) == 5
    assert lines_of(queue) == lines_of(SpoolQueue(tmp_path)) == written
    assert (queue.lines, queue.size_bytes) == (50, 50 * 9)


def test_only_the_owner_may_read_the_files(spool: Spool, tmp_path: Path) -> None:
    spool.append(rows=[b"row"], payloads=[b"payload"])

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    folders = [path for path in (tmp_path / "spool").rglob("*") if path.is_dir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_a_torn_line_is_not_read_and_what_follows_goes_elsewhere(tmp_path: Path) -> None:
    queue = SpoolQueue(tmp_path)
    queue.append([b"first", b"second"])
    [segment] = queue.sealed()
    os.truncate(segment, segment.stat().st_size - 3)

    reopened = SpoolQueue(tmp_path)
    reopened.append([b"third"])

    assert lines_of(reopened) == [b"first", b"third"]
    assert reopened.lines == 2


def test_appending_while_a_segment_is_drained_uses_a_new_one(tmp_path: Path) -> None:
    queue = SpoolQueue(tmp_path)
    queue.append([b"old"])
    [segment] = queue.sealed()

    queue.append([b"new"])
    removed = queue.remove(segment)

    assert removed == 1
    assert lines_of(queue) == [b"new"]


def test_all_of_an_append_fits_or_nothing_is_kept(spool: Spool) -> None:
    spool.append(rows=[b"r" * 1000])

    with pytest.raises(SinkUnavailable, match="is full: it holds 1001 of 10000 bytes"):
        spool.append(rows=[b"r" * 1000], payloads=[b"p" * 8000])

    assert (spool.size_bytes, spool.records) == (1001, 1)


def test_a_failing_disk_is_an_outage_and_leaves_no_half_line(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.append(rows=[b"whole"])

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", fail)
        with pytest.raises(SinkUnavailable, match="No space left"):
            spool.append(rows=[b"lost"])
    spool.append(rows=[b"later"])

    assert lines_of(spool.rows) == [b"whole", b"later"]


def test_each_process_has_a_slot_of_its_own(spool: Spool, tmp_path: Path) -> None:
    other = Spool.open(tmp_path / "spool", max_bytes=10_000)
    other.append(rows=[b"theirs"])

    with pytest.raises(SpoolTaken):
        Spool(other.slot, max_bytes=10_000)
    while_alive = list(spool.orphans())
    other.close()

    assert (spool.slot.name, other.slot.name) == ("0", "1")
    assert while_alive == []
    assert [lines_of(orphan.rows) for orphan in spool.orphans()] == [[b"theirs"]]

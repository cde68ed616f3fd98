"""CPU and memory of a process tree, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Tree:
    """Processes and all their children."""

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = roots
        self._spent: dict[int, float] = {}

    def cpu_s(self) -> float:
        """Add up user and system time; a child that ended counts with what was last seen."""
        for pid in self._pids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            self._spent[pid] = (int(fields[11]) + int(fields[12])) / TICKS
        return sum(self._spent.values())

    def rss_mb(self) -> float:
        """Add up resident memory now."""
        total = 0
        for pid in self._pids():
            try:
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
            except (FileNotFoundError, ProcessLookupError):
                continue
        return total / 2**20

    def peak_rss_mb(self) -> float:
        """Add up each process's peak of resident memory."""
        return sum(map(_peak_kb, self._pids())) / 1024

    def _pids(self) -> list[int]:
        return [each for root in self._roots for each in (root, *_children(root))]


def _children(pid: int) -> Iterator[int]:
    """Find children by the threads that started them."""
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = thread.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in map(int, found):
            yield child
            yield from _children(child)


def _peak_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)

"""Processes that workers start, in Linux's way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def children(pid: int, module: str) -> Iterator[int]:
    """Find a process's children that run a module, whichever thread started them."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            if module.encode() in Path(f"/proc/{child}/cmdline").read_bytes():
                yield child


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be asked how it ended does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False

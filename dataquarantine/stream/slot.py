"""Several workers on one host, each with a folder and a port of its own."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dataquarantine.errors import ConfigError

MAX_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Slot:
    """The first place on this host that no other worker has; free again when the process ends."""

    number: int
    folder: Path
    _lock: IO[str]


def claim_slot(base: Path) -> Slot:
    """Claim `base/<n>` for this process, n counting from 0.

    Raises: ConfigError when the folder can't be written or 64 workers run here.
    """
    for number in range(MAX_WORKERS):
        folder = base.absolute() / str(number)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "lock").open("w", encoding="ascii")
        except OSError as exc:
            raise ConfigError(f"{folder} can't be written ({exc.strerror}); set data_dir") from exc
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        return Slot(number, folder, lock)
    raise ConfigError(f"{MAX_WORKERS} workers run in {base} already; set another data_dir")

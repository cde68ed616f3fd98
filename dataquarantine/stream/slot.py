"""Several workers on one host, each with a folder and a port of its own."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from dataquarantine.errors import ConfigError

MAX_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Slot:
    """The first place on this host that no other worker has; free again when the process ends."""

    number: int
    folder: Path


def claim_slot(base: Path) -> Slot:
    """Claim `base/<n>` for this process, n counting from 0.

    Raises: ConfigError when the folder can't be written or 64 workers run here.
    """
    for number in range(MAX_WORKERS):
        folder = base.absolute() / str(number)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise ConfigError(f"{folder} can't be written ({exc.strerror}); set data_dir") from exc
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return Slot(number, folder)  # the descriptor stays open: it is the lock
    raise ConfigError(f"{MAX_WORKERS} workers run in {base} already; set another data_dir")

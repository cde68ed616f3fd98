"""How other commands find a running development environment: `.dq/endpoints.json`.

The file is a settings file: every command, and a second worker, works on it as on any other.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dataquarantine.errors import DataQuarantineError

DEV_FOLDER = Path(".dq")
ENDPOINTS = "endpoints.json"
#: Sections that `dev` answers for; naming one in the environment means: not that one.
_CONNECTIONS = ("DQ_CONFIG", "DQ_KAFKA__", "DQ_POSTGRES__", "DQ_S3__", "DQ_CLUSTER_ID")


class AlreadyRunning(DataQuarantineError):
    """Another `dev` owns this folder."""


def running_dev(folder: Path = DEV_FOLDER) -> Path | None:
    """Find the settings file of the development environment that runs over a folder."""
    path = folder / ENDPOINTS
    return path if path.exists() and _is_locked(folder) else None


def names_connection(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether the environment names a settings file, broker, database or store of its own."""
    return any(
        name.startswith(_CONNECTIONS) for name in (os.environ if environ is None else environ)
    )


def publish(folder: Path, settings: Mapping[str, Any]) -> Path:
    """Write the settings file of a development environment; it holds passwords, so it is 0600."""
    path = folder / ENDPOINTS
    write_private(path, json.dumps(settings, indent=2))
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, as a whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    part.replace(path)


@contextmanager
def ownership(folder: Path) -> Iterator[None]:
    """Own a folder while inside; the kernel ends it with the process, however that ends.

    Raises: AlreadyRunning.
    """
    # Payloads lie in it unmasked. Root's Postgres runs as another user, who must pass through.
    folder.mkdir(mode=0o700 if os.geteuid() else 0o711, parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"a development environment already runs in {folder.resolve()}; stop it first"
            ) from None
        try:
            yield
        finally:
            (folder / ENDPOINTS).unlink(missing_ok=True)


def _is_locked(folder: Path) -> bool:
    try:
        with (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False

"""How other commands find a running development environment: `.dq/endpoints.json`."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataquarantine.errors import DataQuarantineError
from dataquarantine.settings import CONFIG_ENV, ENV_PREFIX

DEV_FOLDER = Path(".dq")
#: Sections that `dev` answers for; naming one in the environment means: not that one.
_CONNECTIONS = ("KAFKA__", "POSTGRES__", "S3__", "CLUSTER_ID")


class AlreadyRunning(DataQuarantineError):
    """Another `dev` owns this folder."""


@dataclass(frozen=True, slots=True)
class RunningDev:
    """A running development environment: its folder and the settings it stands for."""

    folder: Path
    settings: Mapping[str, Any]


def running_dev(folder: Path = DEV_FOLDER) -> RunningDev | None:
    """Find the development environment that runs over a folder; None when none does."""
    path = folder / "endpoints.json"
    if not path.exists() or not _is_locked(folder):
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None  # it is being written or removed at this moment
    return RunningDev(folder, content["settings"])


def names_connection(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether the environment names a broker, database or store of its own."""
    environ = os.environ if environ is None else environ
    own = tuple(ENV_PREFIX + name for name in _CONNECTIONS)
    return any(name == CONFIG_ENV or name.startswith(own) for name in environ)


def publish(folder: Path, settings: Mapping[str, Any]) -> None:
    """Say where everything is; readable by the owner alone, for it holds passwords."""
    path = folder / "endpoints.json"
    write_private(path, json.dumps({"settings": settings}, indent=2))


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
    folder.mkdir(parents=True, exist_ok=True)
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
            (folder / "endpoints.json").unlink(missing_ok=True)


def _is_locked(folder: Path) -> bool:
    try:
        with (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False

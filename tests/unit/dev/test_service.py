"""A guarded program ends with its starter, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dataquarantine.dev.service import Service, ServiceFailed, free_port

#: Writes its pid, then stays; ignores what `IGNORED` names.
PROGRAM = """
import os, pathlib, signal, sys, time
for name in sys.argv[2:]:
    signal.signal(getattr(signal, name), signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
while True:
    time.sleep(60)
"""
#: Starts PROGRAM as a service, then stays. A shell's job in the background inherits SIGINT ignored.
STARTER = f"""
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
from dataquarantine.dev.service import Service
pid = pathlib.Path(sys.argv[1])
service = Service("program", pid.with_suffix(".log"))
program = {PROGRAM!r}
service.start([sys.executable, "-c", program, str(pid)], ready=pid.exists)
while True:
    time.sleep(60)
"""


def wait_for(condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def pid_in(path: Path) -> int:
    wait_for(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service("program", tmp_path / "program.log")
    yield service
    service.stop()


def start(service: Service, pid: Path, *ignored: str) -> int:
    command = [sys.executable, "-c", PROGRAM, str(pid), *ignored]
    service.start(command, ready=pid.exists)
    return pid_in(pid)


def test_stop_ends_the_program(service: Service, tmp_path: Path) -> None:
    pid = start(service, tmp_path / "pid")

    service.stop()

    assert not is_alive(pid)
    assert not service.running


def test_stop_twice_and_before_start_do_nothing(service: Service, tmp_path: Path) -> None:
    service.stop()
    start(service, tmp_path / "pid")
    service.stop()
    service.stop()


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name
)
def test_the_program_ends_when_its_starter_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    path = tmp_path / "pid"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(path)], stderr=subprocess.DEVNULL
    )
    pid = pid_in(path)

    starter.send_signal(how)
    starter.wait(15)

    wait_for(lambda: not is_alive(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help exists on Linux only")
def test_the_program_ends_when_its_guard_is_killed(service: Service, tmp_path: Path) -> None:
    pid = start(service, tmp_path / "pid")
    assert service.process is not None

    service.process.kill()

    wait_for(lambda: not is_alive(pid))


def test_a_program_that_ends_early_is_reported_with_its_last_words(
    service: Service, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no room')"]

    with pytest.raises(ServiceFailed) as failure:
        service.start(command, ready=lambda: False)

    assert "program ended while starting" in str(failure.value)
    assert "no room" in str(failure.value)


def test_a_program_that_is_never_ready_is_stopped(service: Service, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = [sys.executable, "-c", PROGRAM, str(pid)]

    with pytest.raises(ServiceFailed, match=r"was not ready in 0\.5 s"):
        service.start(command, ready=lambda: False, timeout_s=0.5)

    assert not service.running


def test_a_free_port_is_the_preferred_one_unless_taken() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port(port) != port

    assert free_port(port) == port

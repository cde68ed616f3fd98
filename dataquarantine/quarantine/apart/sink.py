"""The worker's side: hands dead letters to the process that stores them."""

from __future__ import annotations

import logging
import pickle
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection
from typing import NoReturn

from dataquarantine.errors import DataQuarantineError, SinkUnavailable
from dataquarantine.quarantine.apart import protocol
from dataquarantine.quarantine.apart.protocol import (
    Away,
    Close,
    Failed,
    StoreDetached,
    StoreOriginals,
)
from dataquarantine.quarantine.apart.shown import Shown
from dataquarantine.quarantine.deadletters import DetachedPayload, KeptOriginal
from dataquarantine.records import Record
from dataquarantine.settings import Settings
from dataquarantine.subprocesses import environment

logger = logging.getLogger(__name__)

NAME = "sink process"
#: Calls that may be under way at once: a round of dead letters, and payloads that go ahead.
CHANNELS = 4
AGAIN_AFTER_S = 1.0
STOP_TIMEOUT_S = 10.0
#: glibc gives each of a dozen threads a heap of its own, and once a large buffer was freed it keeps
#: as much at hand unless it was told a threshold: some 30 MB more.
_SMALL_HEAP = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20)}


class SinkFailed(DataQuarantineError):
    """The sink can't be opened, or what it does is broken."""


class SinkApart:
    """A `QuarantineSink` in a process of its own, started again whenever it ends.

    In one process with the judges each refused record kept them from 40 us of work, and whoever
    came back from a store waited for the lock of Python's threads.

    Thread-safe; blocking: call it in threads.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: _Process | None = None
        self._opened: Future[None] = Future()
        self._ending = threading.Event()
        self._away_s: Mapping[str, float] = {}
        self._keeper = threading.Thread(target=self._keep, name="quarantine-sink", daemon=True)

    def start(self) -> None:
        """Begin to start the process; `wait_until_open` waits for it."""
        self._keeper.start()

    def wait_until_open(self) -> None:
        """Wait until it takes dead letters.

        Raises: SinkFailed when it can't be opened.
        """
        self._opened.result()

    def store(self, records: Sequence[Record]) -> None:
        """Make dead letters durable; when this returns, their offsets may be committed.

        Raises: SinkUnavailable when nothing of them may be committed; SinkFailed.
        """
        self._ask(protocol.encode_store(records))

    def store_detached(self, payload: DetachedPayload) -> None:
        """Make a payload durable whose dead letter is not produced yet.

        Raises: SinkUnavailable, SinkFailed.
        """
        self._ask(protocol.encode(StoreDetached(payload)))

    def store_originals(self, originals: Sequence[KeptOriginal]) -> None:
        """Make durable what remediated records came with, before these are forwarded.

        Raises: SinkUnavailable, SinkFailed.
        """
        self._ask(protocol.encode(StoreOriginals(list(originals))))

    @property
    def away_s(self) -> Mapping[str, float]:
        """How long each store has not answered, a second ago; 0 when it does."""
        return self._away_s

    @property
    def pid(self) -> int | None:
        """The process that stores at this moment."""
        process = self._process
        return process.pid if process is not None else None

    def close(self) -> None:
        """Let the calls under way end, then go of the stores; what waits in the spool stays."""
        self._ending.set()
        process = self._process  # the keeper may let go of it meanwhile
        if process is not None:
            process.close()
        if self._keeper.ident is not None:
            self._keeper.join(STOP_TIMEOUT_S)

    def _ask(self, request: bytes) -> None:
        process = self._process
        if process is None or self._ending.is_set():
            is_being = "closed" if self._ending.is_set() else "started"
            raise SinkUnavailable(NAME, f"it is being {is_being}", retry_after_s=AGAIN_AFTER_S)
        try:
            answer = protocol.decode_answer(process.ask(request))
        except (EOFError, OSError) as exc:
            raise SinkUnavailable(NAME, "it ended", retry_after_s=AGAIN_AFTER_S) from exc
        if isinstance(answer, Away):
            raise SinkUnavailable(answer.sink, answer.reason, retry_after_s=answer.retry_after_s)
        if isinstance(answer, Failed):
            raise SinkFailed(f"dead letters can't be stored ({answer.reason}), see the log")

    # -- the keeper's thread

    def _keep(self) -> None:
        """Have a process at any time, once the first one could open the stores."""
        while not self._ending.is_set():
            reason = self._run_one()
            if not self._opened.done():
                self._opened.set_exception(SinkFailed(f"the sink can't be opened: {reason}"))
                return
            if not self._ending.is_set():
                logger.error(
                    "The process of the sink is started again: %s",
                    reason,
                    extra={"action": "sink_ended"},
                )
                self._ending.wait(AGAIN_AFTER_S)

    def _run_one(self) -> str:
        """Start a process and listen to it; returns why there is none any more."""
        try:
            self._process = process = _Process(self._settings)
        except OSError as exc:
            return f"its process can't be started ({exc.strerror})"
        try:
            self._listen(process)
        except (EOFError, OSError):
            reason = "it ended"
        except SinkFailed as exc:
            reason = str(exc)
        self._process = None
        return f"{reason}, exit code {process.end()}"

    def _listen(self, process: _Process) -> NoReturn:
        """Take note of what it says of its stores.

        Raises: EOFError, OSError when it ended; SinkFailed when it can't open them.
        """
        answer = protocol.decode_answer(process.status.recv_bytes())
        if isinstance(answer, Failed):
            raise SinkFailed(answer.reason)
        if not self._opened.done():
            self._opened.set_result(None)
        shown = Shown()
        while True:
            said = protocol.decode_status(process.status.recv_bytes())
            self._away_s = said.away_s
            shown.show(said.samples)


class _Process:
    """One process, and the sockets that lead to it."""

    def __init__(self, settings: Settings) -> None:
        pairs = [socket.socketpair() for _ in range(1 + CHANNELS)]
        ours = [Connection(mine.detach()) for mine, _ in pairs]
        theirs = [its.fileno() for _, its in pairs]
        self.status, self._channels = ours[0], ours[1:]
        self._idle: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        with ExitStack() as given_away:
            for _, its in pairs:
                given_away.enter_context(its)
            # A session of its own: Ctrl-C in a terminal is for the worker, which ends this process.
            self._popen = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.child", *map(str, theirs)],
                pass_fds=theirs,
                env=environment(**_SMALL_HEAP),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        for channel in self._channels:
            self._idle.put(channel)
        level = logging.getLevelName(logging.getLogger().getEffectiveLevel())
        with suppress(OSError):  # it ended at once; whoever listens finds out
            self.status.send_bytes(pickle.dumps((settings, level)))

    @property
    def pid(self) -> int:
        return self._popen.pid

    def ask(self, request: bytes) -> bytes:
        """Send a request and wait for its answer. Raises: EOFError, OSError when it ended."""
        channel = self._idle.get()
        try:
            channel.send_bytes(request)
            return channel.recv_bytes()
        finally:
            self._idle.put(channel)  # one that is broken too: others wait for it

    def close(self) -> None:
        """Let it close its stores and end it, once nothing is under way."""
        channels = [self._idle.get() for _ in self._channels]
        with suppress(EOFError, OSError):
            channels[0].send_bytes(protocol.encode(Close()))
            channels[0].recv_bytes()
        self.end()
        for channel in channels:  # whoever waits for one finds out
            self._idle.put(channel)

    def end(self) -> int:
        """End it; returns its exit code."""
        self._popen.kill()
        return self._popen.wait()

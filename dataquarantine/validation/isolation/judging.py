"""Judging a chunk that has killed before, in a process that may die instead of this one."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Protocol, Self

from dataquarantine.errors import DataQuarantineError
from dataquarantine.outcomes import (
    Code,
    ErrorType,
    JudgedChunk,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.records import Record
from dataquarantine.subprocesses import environment
from dataquarantine.validation.isolation import protocol
from dataquarantine.validation.isolation.protocol import Judged, Limits, Start

logger = logging.getLogger(__name__)

_START_TIMEOUT_S = 60
#: The child ends itself by alarm; this is for one that even the alarm does not reach.
_GRACE_S = 5


class Judge(Protocol):
    """What the child needs of an engine."""

    def judge(self, records: Sequence[Record]) -> JudgedChunk:
        """Judge a chunk."""


class IsolationFailed(DataQuarantineError):
    """The judging child could not be started; no record is to blame."""


class _Died(Exception):
    """The child died on a record; the text says how."""

    def __init__(self, how: str, *, of_time: bool = False) -> None:
        super().__init__(how)
        self.of_time = of_time


def judge_isolated(
    records: Sequence[Record], make_engine: Callable[[], Judge], limits: Limits | None = None
) -> JudgedChunk:
    """Judge a chunk record by record in a child process.

    A record that ends the child by a crash, or takes more than `limits`, gets the verdict
    `validator_error` with code POISON. After a crash the record is tried alone in a fresh child
    first, because an earlier one may have broken the memory it stumbled over.
    Args: make_engine: picklable, see `EngineRecipe`.
    Raises: IsolationFailed when no child can be started.
    Blocking: 0.3 s and about 0.1 ms a record, twice 0.3 s more for each that crashes, its limit
    for each that hangs; call it in a thread.
    """
    recipe = pickle.dumps(make_engine)
    limits = limits or Limits()
    chunk = JudgedChunk([], [])
    while len(chunk.outcomes) < len(records):
        with _Child(recipe, limits) as child:
            died = _judge_until_death(child, records, chunk)
        if died is not None:
            record = records[len(chunk.outcomes)]
            alone = None if died.of_time else _judge_alone(record, recipe, limits)
            _add(chunk, alone or _poisonous(record, died))
    return chunk


def _judge_until_death(
    child: _Child, records: Sequence[Record], chunk: JudgedChunk
) -> _Died | None:
    for record in records[len(chunk.outcomes) :]:
        try:
            judged = child.judge(record)
        except _Died as exc:
            return exc
        _add(chunk, judged)
    return None


def _judge_alone(record: Record, recipe: bytes, limits: Limits) -> Judged | None:
    with _Child(recipe, limits) as child:
        try:
            return child.judge(record)
        except _Died:
            return None


def _poisonous(record: Record, died: _Died) -> Judged:
    logger.error(
        "record %s/%s/%s is poison, judging it %s; it is quarantined",
        record.topic,
        record.partition,
        record.offset,
        died,
        extra={"action": "poison_found"},
    )
    violation = Violation(Code.POISON, "validator", f"judging this record {died}")
    outcome = rejected(ErrorType.VALIDATOR_ERROR, [violation], result=ValidationResult.ERROR)
    return Judged(outcome, record.key)


def _add(chunk: JudgedChunk, judged: Judged) -> None:
    if judged.outcome is None:
        raise IsolationFailed("the judging child answered without an outcome")
    index = len(chunk.outcomes)
    chunk.outcomes.append(judged.outcome)
    chunk.keys.append(judged.key)
    if judged.remediated is not None:
        chunk.remediated[index] = judged.remediated
    if judged.rendered is not None:
        chunk.rendered[index] = judged.rendered
    if judged.keep_original:
        chunk.originals.add(index)


class _Child:
    """A child process with an engine, ended on exit."""

    def __init__(self, recipe: bytes, limits: Limits) -> None:
        self._limits = limits
        self._start = protocol.encode(Start(limits, recipe))

    def __enter__(self) -> Self:
        child_in, parent_out = os.pipe()
        parent_in, child_out = os.pipe()
        self._requests = Connection(parent_out, readable=False)
        self._answers = Connection(parent_in, writable=False)
        try:
            self._process = _spawn(child_in, child_out)
        finally:
            os.close(child_in)
            os.close(child_out)
        try:
            self._requests.send_bytes(self._start)
            ready = self._answer(_START_TIMEOUT_S)
        except _Died as exc:
            self._end()
            raise IsolationFailed(f"the judging child did not start: it {exc}") from None
        if ready.failure is not None:
            self._end()
            raise IsolationFailed(f"the judging child could not make its engine: {ready.failure}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def judge(self, record: Record) -> Judged:
        """Have one record judged."""
        try:
            self._requests.send_bytes(protocol.encode_record(record))
        except BrokenPipeError:
            raise self._death() from None
        return self._answer(self._limits.wall_s + _GRACE_S)

    def _answer(self, timeout_s: float) -> Judged:
        try:
            if not self._answers.poll(timeout_s):
                raise _Died(f"took more than {timeout_s:g} s", of_time=True)
            return protocol.decode_judged(self._answers.recv_bytes())
        except (EOFError, ConnectionResetError):
            raise self._death() from None

    def _death(self) -> _Died:
        """Say how the child ended."""
        code = self._process.wait(_GRACE_S)
        if code == -signal.SIGXCPU:
            return _Died(f"took more than {self._limits.cpu_s} s of processor time", of_time=True)
        if code == -signal.SIGALRM:
            return _Died(f"took more than {self._limits.wall_s} s", of_time=True)
        if code < 0:
            return _Died(f"ended its process ({signal.Signals(-code).name})")
        return _Died(f"ended its process (exit code {code})")

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._requests.close()
        self._answers.close()


def _spawn(requests: int, answers: int) -> subprocess.Popen[bytes]:
    """Start a fresh interpreter; a fork would share this process's threads' locks.

    Its output is dropped: tracebacks and faults may quote the record.
    """
    return subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.child", str(requests), str(answers)],
        pass_fds=(requests, answers),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

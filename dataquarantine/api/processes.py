"""Work that would take the records' processor time for too long, in a process of its own."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

from dataquarantine.api.errors import ApiError
from dataquarantine.api.refusals import refused
from dataquarantine.errors import DataQuarantineError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

NICENESS = 10
MOST_WAITING = 8
_PR_SET_PDEATHSIG = 1


class Processes:
    """One process beside the worker, started when first wanted; it ends with the worker."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0

    async def run(
        self,
        timeout_s: float,
        work: Callable[Arguments, Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """Call a function of a module with picklable arguments.

        Raises: ApiError for our errors that it raises, 503 when too much waits, 504 after
            `timeout_s`, and then the process is replaced.
        """
        if self._waiting >= MOST_WAITING:
            raise ApiError(503, 50303, "too much work waits already", retry_after_s=5)
        self._waiting += 1
        try:
            future = self._started().submit(_refusing, work, arguments, named)
            found = await asyncio.wait_for(asyncio.wrap_future(future), timeout_s)
        except TimeoutError as exc:
            self.close()
            raise ApiError(504, 50402, f"not done after {timeout_s:g} s") from exc
        except BrokenProcessPool as exc:
            self.close()
            raise ApiError(503, 50303, "the process died; ask again") from exc
        finally:
            self._waiting -= 1
        if isinstance(found, _Refusal):
            raise ApiError(found.status, found.code, found.message)
        return cast(Result, found)

    def close(self) -> None:
        """End the process, whatever it does."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        running = list(pool._processes.values())  # noqa: SLF001  # no other way to end one
        pool.shutdown(wait=False, cancel_futures=True)
        for process in running:
            process.kill()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, context, _behind, (os.getpid(),))
        return self._pool


class _Refusal(NamedTuple):
    """An error of ours; exceptions with attributes of their own don't travel."""

    status: int
    code: int
    message: str


def _refusing(work: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    try:
        return work(*arguments, **named)
    except DataQuarantineError as exc:
        found = refused(exc)
        return _Refusal(found.status, found.code, found.message)


def _behind(parent: int) -> None:
    """Stay behind the records' work, and end with the worker however it ends."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)

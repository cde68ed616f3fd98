"""A worker that was told to stop is gone within a bound, whatever still waits."""

from __future__ import annotations

import logging
import os
import threading

logger = logging.getLogger(__name__)

#: Less than the 30 s after which Kubernetes kills.
STOP_WITHIN_S = 20.0


def end_within(seconds: float = STOP_WITHIN_S, *, exit_code: int = 0) -> None:
    """End this process when its own end takes longer.

    Call it once everything finished is committed: what is cut off then are Faust's services, which
    may wait for each other for ever when a stop meets a rebalance.
    """
    timer = threading.Timer(seconds, _end, [seconds, exit_code])
    timer.daemon = True
    timer.start()


def _end(seconds: float, exit_code: int) -> None:
    logger.warning("Faust did not stop in %g s; what is finished is committed, ending", seconds)
    logging.shutdown()
    os._exit(exit_code)

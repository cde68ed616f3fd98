"""The process that stores dead letters; started and fed by a worker's `SinkApart`."""

from __future__ import annotations

import logging
import logging.config
import os
import pickle
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

from dataquarantine.errors import SinkUnavailable
from dataquarantine.log_format import logging_config
from dataquarantine.quarantine.apart import protocol, shown
from dataquarantine.quarantine.apart.protocol import (
    Answer,
    Away,
    Close,
    Done,
    Failed,
    Request,
    Status,
    Store,
    StoreDetached,
    StoreOriginals,
)
from dataquarantine.quarantine.sink import QuarantineSink, open_sink
from dataquarantine.settings import Settings
from dataquarantine.stream.memory import tune_gc

logger = logging.getLogger(__name__)

STATUS_EVERY_S = 1.0
#: Allocations before a young collection. A round holds less; what the clients of the stores leave
#: behind in cycles grew by 5 MB with 20,000 dead letters at the worker's own threshold.
YOUNG = 50_000


def main(status: Connection, channels: list[Connection]) -> None:
    """Open the stores that the parent names, then answer on every channel until it closes them.

    When the parent is gone this process ends at once, and with it what it had under way: whoever
    reads the dead letters next stores them again.
    """
    settings, level = pickle.loads(status.recv_bytes())  # comes from the parent alone
    logging.config.dictConfig(logging_config(settings.logs.format, level))
    sink = _open(settings, status)
    tune_gc(YOUNG)
    for channel in channels:
        threading.Thread(target=_serve, args=[sink, channel], daemon=True).start()
    _report(sink, status)


def _open(settings: Settings, status: Connection) -> QuarantineSink:
    try:
        sink = open_sink(settings)
    except Exception as exc:  # told to the parent, which raises it
        status.send_bytes(protocol.encode(Failed(f"{type(exc).__name__}: {exc}")))
        os._exit(1)
    status.send_bytes(protocol.encode(Done()))
    return sink


def _report(sink: QuarantineSink, status: Connection) -> None:
    """Say every second how the stores are."""
    while not status.poll(STATUS_EVERY_S):  # the parent sends no more: that is its end
        said = Status(sink.away_s, list(shown.samples()))
        try:
            status.send_bytes(protocol.encode(said))
        except OSError:
            break
    os._exit(1)


def _serve(sink: QuarantineSink, channel: Connection) -> None:
    with suppress(EOFError, OSError):  # the parent is gone: `_report` ends this process
        while True:
            answer = _answer(sink, channel.recv_bytes())
            channel.send_bytes(protocol.encode(answer))


def _answer(sink: QuarantineSink, request: bytes) -> Answer:
    try:
        _do(sink, protocol.decode_request(request))
    except SinkUnavailable as exc:
        return Away(exc.sink, exc.reason, exc.retry_after_s)
    except Exception as exc:  # told to the parent, which raises it
        logger.exception("Dead letters can't be stored", extra={"action": "sink_failed"})
        return Failed(type(exc).__name__)
    return Done()


def _do(sink: QuarantineSink, request: Request) -> None:
    match request:
        case Store(records):
            sink.store(records)
        case StoreDetached(payload):
            sink.store_detached(payload)
        case StoreOriginals(originals):
            sink.store_originals(originals)
        case Close():
            sink.close()


if __name__ == "__main__":
    first, *others = [Connection(int(number)) for number in sys.argv[1:]]
    main(first, others)

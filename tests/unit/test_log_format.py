"""One JSON object a line, with names that programs can rely on."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from structlog.stdlib import ProcessorFormatter

from dataquarantine.log_format import FAUSTS_WORKER, LogFormat, logging_config
from dataquarantine.stream.ledger import LedgerUnavailable


def line(log_format: LogFormat, name: str, text: str, *args: object, **rest: Any) -> str:
    options = dict(logging_config(log_format)["formatters"]["lines"])
    formatter: logging.Formatter = options.pop("()")(**options)
    assert isinstance(formatter, ProcessorFormatter)
    record = logging.getLogger(name).makeRecord(
        name,
        logging.WARNING,
        __file__,
        1,
        text,
        args,
        rest.get("exc_info"),
        extra=rest.get("extra"),
    )
    return formatter.format(record)


def test_a_json_line_names_its_event_and_keeps_the_facts() -> None:
    extra = {"action": "spool_drained", "rows": 3}

    found = json.loads(line("json", "dataquarantine.store", "%d rows arrived", 3, extra=extra))

    assert found.pop("timestamp").endswith("Z")
    assert found == {
        "level": "warning",
        "logger": "dataquarantine.store",
        "event": "spool_drained",
        "message": "3 rows arrived",
        "rows": 3,
    }


def test_a_line_of_another_package_is_named_by_its_logger() -> None:
    extra = {"data": {"for": "Faust's own formatter"}}

    found = json.loads(line("json", "faust.app", "[^Worker]: Ready", extra=extra))

    assert (found["event"], found["message"]) == ("faust.app", "[^Worker]: Ready")
    assert "data" not in found


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_is_kept(log_format: LogFormat) -> None:
    try:
        raise ValueError("broken\nin two lines")
    except ValueError as exc:
        found = line(log_format, "a", "failed", exc_info=(type(exc), exc, exc.__traceback__))

    assert "ValueError" in found
    assert "\n" not in found or log_format == "console"


def test_a_console_line_is_a_sentence() -> None:
    found = line("console", "a.b", "%s waits", "it", extra={"action": "waits", "rows": 3})

    assert "it waits" in found
    assert "rows=3" in found
    assert "action" not in found


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_why_a_worker_ended_is_one_line_with_the_remedy(log_format: LogFormat) -> None:
    try:
        raise LedgerUnavailable("no ledger; run `dataquarantine topics create`")
    except LedgerUnavailable as exc:
        reason = (type(exc), exc, exc.__traceback__)

    found = line(log_format, FAUSTS_WORKER, "Error: %r", reason[1], exc_info=reason)
    elsewhere = line(log_format, "a", "Error: %r", reason[1], exc_info=reason)

    assert "The worker ended: no ledger; run `dataquarantine topics create`" in found
    assert "Traceback" not in found
    assert "Traceback" in elsewhere

"""How log lines look: sentences for a terminal, or one JSON object a line for programs."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from dataquarantine.errors import DataQuarantineError

LogFormat = Literal["console", "json"]
Fields = MutableMapping[str, Any]

#: Packages that log a lot at INFO which nobody on call acts on.
QUIET = ("aiokafka.consumer.subscription_state", "botocore", "urllib3")


#: Logs what ended the process.
FAUSTS_WORKER = "faust.worker"


def logging_config(log_format: LogFormat, level: str = "INFO") -> dict[str, Any]:
    """Give the configuration for `logging.config`: every logger's lines, Faust's included."""
    console = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    json_line = [named_event, structlog.processors.JSONRenderer(default=str)]
    render = [in_words, console] if log_format == "console" else json_line
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _fields(log_format),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
            }
        },
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"level": level, "handlers": ["lines"]},
        "loggers": {name: {"level": "WARNING"} for name in QUIET},
    }


def named_event(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Put the stable name first: `event` is for programs, `message` for people.

    Lines of other packages have no `action`; theirs is the logger's name.
    """
    message = fields.pop("event")
    name = fields.pop("action", None) or fields["logger"]
    first = {key: fields.pop(key) for key in ("timestamp", "level", "logger")}
    return {**first, "event": name, "message": message, **fields}


def in_words(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Leave the stable name out: the sentence says it."""
    fields.pop("action", None)
    return fields


def _fields(log_format: LogFormat) -> list[Any]:
    """What each line gets: time in UTC, level, logger, the facts in `extra`, the traceback."""
    fields: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _without_foreign_extras,
        _remedy_alone,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        fields.append(structlog.processors.format_exc_info)
    return fields


def _remedy_alone(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Say in one line why a worker ended, where that is an error that tells its remedy.

    Faust logs what ended it as a traceback through its own code.
    """
    exc_info = fields.get("exc_info")
    reason = exc_info[1] if isinstance(exc_info, tuple) else None
    if isinstance(reason, DataQuarantineError) and fields["logger"] == FAUSTS_WORKER:
        del fields["exc_info"]
        fields["event"] = f"The worker ended: {reason}"
    return fields


def _without_foreign_extras(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Drop what Faust puts into `extra` for its own formatter."""
    fields.pop("data", None)
    return fields

"""What can go wrong with the machinery. Bad data is never an exception: it is an outcome."""

from __future__ import annotations


class DataQuarantineError(Exception):
    """Base of every error this package raises; the text holds the remedy."""


class ConfigError(DataQuarantineError):
    """A setting is unknown, of a wrong type or contradicts another."""


class SchemaNotFound(DataQuarantineError):
    """No enforced version of that schema is known."""

    def __init__(self, name: str, version: str | None = None) -> None:
        self.name = name
        self.version = version
        wanted = f"{name}@{version}" if version else name
        super().__init__(f"schema {wanted} is not registered; register it or correct the record")


class InvalidSchema(DataQuarantineError):
    """A schema document can't be used; says where and how to mend it."""

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        super().__init__(
            "".join([f"{where}: " if where else "", problem, f"; {remedy}" if remedy else ""])
        )


class SinkUnavailable(DataQuarantineError):
    """A store does not answer; the same call may succeed later."""

    def __init__(self, sink: str, reason: str, *, retry_after_s: float = 1.0) -> None:
        self.sink = sink
        self.reason = reason
        self.retry_after_s = retry_after_s
        super().__init__(f"{sink} is unavailable: {reason}; retrying in {retry_after_s:g} s")


class SinkRejected(DataQuarantineError):
    """A store refuses this very data; repeating the call will not help."""

    def __init__(self, sink: str, reason: str) -> None:
        self.sink = sink
        self.reason = reason
        super().__init__(f"{sink} refused the data: {reason}")


class ProduceRefused(DataQuarantineError):
    """The broker refuses to be written to for a reason that no retry and no other record mends."""

    def __init__(self, topic: str, reason: str) -> None:
        self.topic = topic
        self.reason = reason
        super().__init__(
            f"topic {topic} refuses writes: {reason}; grant WRITE on it to the gateway's user"
        )

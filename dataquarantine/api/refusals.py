"""Which answer an error of the library becomes."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from dataquarantine.api.errors import ApiError
from dataquarantine.breaker.desk import ResetRefused
from dataquarantine.errors import (
    DataQuarantineError,
    InvalidSchema,
    SinkRejected,
    SinkUnavailable,
)
from dataquarantine.quarantine.payloads import PayloadUnreachable
from dataquarantine.quarantine.review import NotQuarantined, StaleDecision
from dataquarantine.quarantine.states import IllegalMove
from dataquarantine.replay.jobs import NoSuchReplay, NothingSelected, ReplayConflict
from dataquarantine.replay.json_patch import PatchRefused
from dataquarantine.replay.privacy import MaskedPlace
from dataquarantine.replay.service import NoJson, UnknownTarget
from dataquarantine.store.queries import BadCursor
from dataquarantine.store.tokens import TokenExists, UnknownToken

#: The first that fits; all else of ours is machinery that may work later.
REFUSALS: Sequence[tuple[type[DataQuarantineError], int, int]] = (
    (NotQuarantined, 404, 40404),
    (PayloadUnreachable, 404, 40405),
    (UnknownToken, 404, 40406),
    (NoSuchReplay, 404, 40407),
    (MaskedPlace, 403, 40302),
    (IllegalMove, 409, 40904),
    (ReplayConflict, 409, 40907),
    (ResetRefused, 409, 40905),
    (TokenExists, 409, 40906),
    (StaleDecision, 412, 41201),
    (InvalidSchema, 422, 42201),
    (BadCursor, 422, 42207),
    (SinkRejected, 422, 42209),
    (NothingSelected, 422, 42210),
    (PatchRefused, 422, 42211),
    (NoJson, 422, 42212),
    (UnknownTarget, 422, 42213),
    (DataQuarantineError, 503, 50301),
)


def refused(error: DataQuarantineError) -> ApiError:
    """Translate an error of ours."""
    text = str(error)
    if isinstance(error, SinkUnavailable):  # its own text promises a retry, as the worker does
        text = f"{error.sink} is unavailable: {error.reason}"
    for kind, status, code in REFUSALS:
        if isinstance(error, kind):
            return ApiError(status, code, text)
    raise error


def invalid(error: ValidationError, where: str = "") -> ApiError:
    """Say what is wrong with a request, without repeating values: they may be personal."""
    problems = [
        {
            "where": ".".join(str(part) for part in (*([where] if where else []), *each["loc"])),
            "problem": each["msg"],
        }
        for each in error.errors(include_url=False, include_input=False, include_context=False)[:20]
    ]
    first = problems[0]
    text = f"{first['where']}: {first['problem']}" if first["where"] else first["problem"]
    return ApiError(422, 42202, text, problems=problems)

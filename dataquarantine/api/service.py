"""Finds the route of a request, checks role and input, calls the handler, writes the answer."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from dataquarantine.api.errors import ApiError
from dataquarantine.api.http import Ready, Reply, Request, Response, Stream
from dataquarantine.api.refusals import invalid, refused
from dataquarantine.api.routes import Operation, operations_of
from dataquarantine.errors import DataQuarantineError

logger = logging.getLogger(__name__)

MOUNT = "/api/v1"
#: Handlers that block at the same time; the sinks have threads of their own.
THREADS = 8


class Api:
    """The HTTP API: resources, and what they have in common.

    Args: resources: see `routes`.
    """

    def __init__(self, resources: Iterable[object]) -> None:
        found = [operation for each in resources for operation in operations_of(each)]
        self.operations: Sequence[Operation] = sorted(found, key=lambda each: each.sort_key)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="api")

    async def handle(self, request: Request) -> Response:
        """Answer one request; a refusal is an answer too."""
        try:
            return await self._answer(request)
        except ApiError as exc:
            return refusal(exc)
        except DataQuarantineError as exc:
            return refusal(refused(exc))
        except Exception:  # the outermost frame of a request
            logger.exception(
                "%s %s failed",
                request.method,
                _route_of(self, request),
                extra={"action": "request_failed"},
            )
            return refusal(ApiError(500, 50001, "this should not happen; the worker's log has it"))

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, request: Request) -> Response:
        operation, raw = self._find(request)
        request.identity.check_role(operation.declared.role)
        if operation.declared.needs_match and "if-match" not in request.headers:
            raise ApiError(428, 42801, "send If-Match with the ETag of what you read")
        arguments = _arguments(operation, raw, request)
        if operation.is_async:
            return _written(operation, await operation.handler(**arguments))
        return await self._in_thread(lambda: _written(operation, operation.handler(**arguments)))

    async def _in_thread(self, work: Callable[[], Response]) -> Response:
        loop = asyncio.get_running_loop()
        done: Awaitable[Response] = loop.run_in_executor(self._threads, work)
        return await done

    def _find(self, request: Request) -> tuple[Operation, dict[str, str]]:
        """Find the operation and the path's parameters.

        Raises: ApiError 404, 405.
        """
        path = request.path.rstrip("/")
        method = "GET" if request.method == "HEAD" else request.method
        meant: str | None = None
        others: list[str] = []
        for operation in self.operations:
            declared, match = operation.declared, operation.pattern.fullmatch(path)
            shape = re.sub(r"{\w+", "{", declared.path)
            if match is None or meant not in (None, shape):
                continue
            if declared.method == method:
                return operation, match.groupdict()
            meant = shape  # the first one is what the path means
            others.append(declared.method)
        if others:
            allowed = ", ".join(sorted({*others, *(["HEAD"] if "GET" in others else [])}))
            raise ApiError(405, 405, f"only {allowed} is answered here", allowed=allowed)
        raise ApiError(404, 404, "there is no such path; see /api/v1/openapi.json")


def refusal(error: ApiError) -> Response:
    """Write a refusal."""
    headers = {}
    if error.status == 405 and "allowed" in error.details:
        headers["Allow"] = str(error.details["allowed"])
    elif error.status in (429, 503):
        headers["Retry-After"] = str(error.details.get("retry_after_s", 1))
    elif error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="dataquarantine"'
    body = json.dumps(error.body(), ensure_ascii=False, default=str)
    return Response(error.status, body.encode("utf-8", "replace"), headers=headers)


def _arguments(operation: Operation, raw: dict[str, str], request: Request) -> dict[str, Any]:
    """Convert what the request holds to what the handler takes.

    Raises: ApiError 400, 422.
    """
    found: dict[str, Any] = {"request": request}
    for name, adapter in operation.parameters.items():
        text = unquote(raw[name], errors="strict") if _is_text(raw[name]) else None
        if text is None or "\x00" in text:
            raise ApiError(422, 42202, f"{name}: not a text", problems=[])
        try:
            found[name] = adapter.validate_python(text)
        except ValidationError as exc:
            raise invalid(exc, name) from exc
    given = _query(request)
    if operation.query is not None:
        try:
            found["query"] = operation.query.model_validate(given)
        except ValidationError as exc:
            raise invalid(exc) from exc
    elif given:
        raise ApiError(422, 42202, "this path takes no query parameters", problems=[])
    if operation.body is not None:
        found["body"] = _body(operation, operation.body, request.body)
    return found


def _is_text(segment: str) -> bool:
    try:
        unquote(segment, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def _query(request: Request) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in request.query:
        if name in given:
            raise ApiError(422, 42202, "a query parameter is given twice", problems=[])
        if "\x00" in value or (not value.isascii() and _has_surrogates(value)):
            raise ApiError(422, 42202, "a query parameter is not a text", problems=[])
        given[name] = value
    return given


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


def _body(operation: Operation, kind: type[BaseModel], body: bytes) -> BaseModel:
    if not body and operation.declared.body_may_be_left_out:
        body = b"{}"
    try:
        value = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as exc:
        raise ApiError(400, 400, "the body is not JSON") from exc
    if not isinstance(value, dict):
        raise ApiError(400, 400, "the body is no JSON object")
    try:
        return kind.model_validate_json(body, strict=True)
    except ValidationError as exc:
        raise invalid(exc) from exc


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _written(operation: Operation, value: Any) -> Response:
    """Write an answer as the return type describes it."""
    headers = {}
    if isinstance(value, Reply):
        headers["ETag"] = f'"{value.etag}"'
        value = value.value
    if isinstance(value, Ready):
        return Response(200, value.body, operation.declared.media, headers)
    if isinstance(value, Stream) or operation.answer is None:
        return Response(200, value, operation.declared.media, headers)
    checked = operation.answer.validate_python(value)
    body = operation.answer.dump_json(checked, by_alias=True)
    return Response(200, body, operation.declared.media, headers)


def _route_of(api: Api, request: Request) -> str:
    """Name the route rather than the path, which may hold what must not be in a log."""
    for operation in api.operations:
        if operation.pattern.fullmatch(request.path.rstrip("/")):
            return operation.declared.path
    return "(no route)"

"""Which path is answered by what."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from dataquarantine.api.confluent.checks import Checks
from dataquarantine.api.confluent.configs import Configs
from dataquarantine.api.confluent.subjects import Propose, Subjects
from dataquarantine.api.confluent.translate import TYPES
from dataquarantine.api.confluent.wire import ApiError, Request, Response
from dataquarantine.api.identity import Role
from dataquarantine.api.trail import Note
from dataquarantine.schemas.registry import Registry

Handler = Callable[..., Awaitable[Any]]


class ConfluentApi:
    """Answers requests to `/registry`; reads the registry, proposes changes.

    Args: propose: appends a proposal to the log and waits for its answer, which is in the registry
        by then; TimeoutError when none comes. note: writes changes of levels and modes down;
        those of schemas are noted where they are decided.
    """

    def __init__(self, registry: Registry, propose: Propose, note: Note | None = None) -> None:
        subjects = Subjects(registry, propose)
        checks = Checks(registry, subjects)
        configs = Configs(registry, subjects.ask, note)
        version = "subjects/{}/versions/{}"
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = [
            _route("GET", "", _nothing),
            _route("GET", "subjects", subjects.list_subjects),
            _route("POST", "subjects/{}", subjects.look_up),
            _route("DELETE", "subjects/{}", subjects.delete),
            _route("GET", "subjects/{}/versions", subjects.list_versions),
            _route("POST", "subjects/{}/versions", subjects.register),
            _route("GET", version, subjects.get_version),
            _route("DELETE", version, subjects.delete),
            _route("GET", f"{version}/schema", subjects.get_version_text),
            _route("GET", f"{version}/referencedby", subjects.referenced_by),
            _route("GET", "schemas", subjects.list_schemas),
            _route("GET", "schemas/types", _types),
            _route("GET", "schemas/ids/{}", subjects.by_id),
            _route("GET", "schemas/ids/{}/schema", subjects.text_by_id),
            _route("GET", "schemas/ids/{}/subjects", subjects.subjects_by_id),
            _route("GET", "schemas/ids/{}/versions", subjects.versions_by_id),
            _route("POST", "compatibility/subjects/{}/versions/{}", checks.with_version),
            _route("POST", "compatibility/subjects/{}/versions", checks.with_all),
            _route("GET", "config", configs.get_level),
            _route("PUT", "config", configs.set_level),
            _route("DELETE", "config", configs.clear),
            _route("GET", "config/{}", configs.get_level),
            _route("PUT", "config/{}", configs.set_level),
            _route("DELETE", "config/{}", configs.clear),
            _route("GET", "mode", configs.get_mode),
            _route("PUT", "mode", configs.set_mode),
            _route("GET", "mode/{}", configs.get_mode),
            _route("PUT", "mode/{}", configs.set_mode),
            _route("DELETE", "mode/{}", configs.clear_mode),
            _route("GET", "contexts", _contexts),
        ]

    async def handle(self, request: Request) -> Response:
        """Answer one request; a refusal is an answer too."""
        path = request.path.strip("/")
        allowed = False
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            allowed = True
            if method != request.method:
                continue
            try:
                return Response(200, await handler(request, *map(unquote, match.groups())))
            except ApiError as exc:
                return exc.response()
        if allowed:
            return ApiError(405, 405, "HTTP 405 Method Not Allowed").response()
        return ApiError(404, 404, "HTTP 404 Not Found").response()


def needed_role(method: str, path: str) -> Role:
    """Tell who may; looking a schema up and checking one are reads that come as POST."""
    if method in ("GET", "HEAD"):
        return Role.VIEWER
    looks = path.startswith("/compatibility/") or re.fullmatch(r"/subjects/[^/]+/?", path)
    return Role.VIEWER if method == "POST" and looks else Role.OPERATOR


def _route(method: str, path: str, handler: Handler) -> tuple[str, re.Pattern[str], Handler]:
    return method, re.compile(path.replace("{}", "([^/]+)")), handler


async def _nothing(request: Request) -> Any:
    return {}


async def _types(request: Request) -> Any:
    return list(TYPES)


async def _contexts(request: Request) -> Any:
    return ["."]

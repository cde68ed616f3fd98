"""One request after the other to a worker's HTTP API."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from dataquarantine.cli.stores import Item
from dataquarantine.errors import ConfigError, DataQuarantineError

TIMEOUT_S = 60.0


class Refused(DataQuarantineError):
    """The API's own words."""


class ApiLink:
    """Asks `URL/api/v1`; who asks is the token's name.

    Raises: ConfigError for an URL that can't be used.
    """

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not _has_port(parts):
            raise ConfigError(f"--url {url!r} is no address; expected https://host:6066")
        self._parts = parts
        self._host = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        self._token = token

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        match: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Item:
        """Send one request, wait for its answer.

        Raises: Refused.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{self._parts.path.rstrip('/')}/api/v1{path}"
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if match is not None:
            headers["If-Match"] = match
        if body is not None:
            headers["Content-Type"] = "application/json"
        link = self._connect(timeout_s)
        try:
            sent = None if body is None else json.dumps(body)
            link.request(method, target + (f"?{urlencode(given)}" if given else ""), sent, headers)
            answer = link.getresponse()
            return self._read(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as exc:
            remedy = "start a worker there, or correct --url (DQ_URL)"
            raise Refused(f"{self._host} does not answer: {exc}; {remedy}") from exc
        finally:
            link.close()

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=timeout_s)

    def _read(self, status: int, body: bytes) -> Item:
        try:
            found: Item = json.loads(body)
        except ValueError:
            raise Refused(f"{self._host} answers {status}, but no JSON") from None
        if status >= 400:
            raise Refused(str(found.get("message", f"answers {status}")))
        return found


def _has_port(parts: SplitResult) -> bool:
    """Tell whether what stands behind the colon, if any, is a port."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False

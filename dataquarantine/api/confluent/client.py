"""Reading schemas from another registry that speaks Confluent's REST."""

from __future__ import annotations

import asyncio
import hashlib
import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import aiohttp

from dataquarantine.api.confluent.translate import TYPES, combined
from dataquarantine.errors import ConfigError, DataQuarantineError
from dataquarantine.schemas.remote import RemoteSchema

ATTEMPTS = 3
PAUSE_S = 0.2
TIMEOUT_S = 5.0
#: References of references; deeper ones are refused.
MAX_DEPTH = 20


class RegistryUnavailable(DataQuarantineError):
    """The other registry did not answer, or not with a schema."""


class ConfluentClient:
    """Asks for one schema at a time; use it within one event loop.

    Args: url: `confluent://[user:password@]host[:port][/path]`, or `confluents://` for TLS.
    Raises: ConfigError.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        scheme = {"confluent": "http", "confluents": "https"}.get(parts.scheme)
        if scheme is None or not parts.hostname:
            raise ConfigError("schemas.registry_url must be confluent://host[:port] or confluents:")
        place = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((scheme, place, parts.path.rstrip("/"), "", ""))
        self._headers = {}
        if parts.username:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {b64encode(login.encode()).decode()}"
        #: Ids of different registries are different ids.
        self.namespace = hashlib.sha256(self._base.encode()).hexdigest()[:12]

    async def check(self) -> None:
        """Make sure that the registry answers and lets us in.

        Raises: RegistryUnavailable.
        """
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
            await self._get(session, "/schemas/types")

    async def schema(self, schema_id: int) -> RemoteSchema | None:
        """Fetch the schema of an id; None when that registry does not know it.

        Raises: RegistryUnavailable after three attempts.
        """
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
            body = await self._get(session, f"/schemas/ids/{schema_id}")
            if body is None:
                return None
            uses = await self._get(session, f"/schemas/ids/{schema_id}/versions") or []
            try:
                kind, definition = await self._definition(session, body)
                places = [(str(use["subject"]), int(use["version"])) for use in uses]
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as exc:
                raise RegistryUnavailable(f"{self._base} answers with no schema") from exc
        subject, number = min(places, default=(f"id-{schema_id}", 1))
        return RemoteSchema(schema_id, subject, number, kind, definition)

    async def version(self, subject: str, number: int | None) -> RemoteSchema | None:
        """Fetch a version of a subject, the latest for `None`; None when there is no such one.

        Raises: RegistryUnavailable after three attempts.
        """
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session:
            path = f"/subjects/{quote(subject, safe='')}/versions/{number or 'latest'}"
            body = await self._get(session, path)
            if body is None:
                return None
            try:
                kind, definition = await self._definition(session, body)
                found = (int(body["id"]), str(body["subject"]), int(body["version"]))
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as exc:
                raise RegistryUnavailable(f"{self._base} answers with no schema") from exc
        return RemoteSchema(*found, kind, definition)

    async def _definition(
        self, session: aiohttp.ClientSession, body: dict[str, Any], depth: int = 0
    ) -> tuple[str, Any]:
        kind = TYPES.get(body.get("schemaType", "AVRO"))
        if kind is None or depth > MAX_DEPTH:
            raise RegistryUnavailable(f"{self._base} holds a schema that is neither JSON nor Avro")
        referred = {}
        for reference in body.get("references") or ():
            subject, number = quote(reference["subject"], safe=""), reference["version"]
            other = await self._get(session, f"/subjects/{subject}/versions/{number}")
            if other is None:
                raise RegistryUnavailable(f"{self._base} lacks {reference['subject']} {number}")
            _, referred[reference["name"]] = await self._definition(session, other, depth + 1)
        return kind, combined(kind, json.loads(body["schema"]), referred)

    async def _get(self, session: aiohttp.ClientSession, path: str) -> Any:
        problem = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE_S * 2**attempt)
            try:
                async with session.get(self._base + path) as answer:
                    if answer.status == 404:
                        return None
                    if answer.status == 200:
                        return await answer.json(content_type=None)
                    problem = f"status {answer.status}"
            except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
                problem = type(exc).__name__
        raise RegistryUnavailable(f"{self._base} was asked {ATTEMPTS} times in vain: {problem}")

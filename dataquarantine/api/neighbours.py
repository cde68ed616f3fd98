"""Asking another worker what this one does not hold."""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping
from typing import Any

import aiohttp

from dataquarantine.settings import WebSettings

logger = logging.getLogger(__name__)

TIMEOUT_S = 5.0
#: On a request that a worker passes on; nobody passes it on again.
PASSED_ON = "x-dataquarantine-passed-on"
_ANYWHERE = ("0.0.0.0", "::", "")


def address_of(web: WebSettings, port: int) -> str:
    """Say where other workers reach this one: its own address, else this machine's name."""
    host = socket.gethostname() if web.host in _ANYWHERE else web.host
    scheme = "http" if web.tls_cert is None else "https"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def ask(url: str, headers: Mapping[str, str]) -> Any | None:
    """Pass a read on, with the token it came with; None when that worker gives no value.

    Workers of a group know each other's addresses from the group, which their broker guards.
    """
    passed = {PASSED_ON: "1"}
    if "authorization" in headers:
        passed["Authorization"] = headers["authorization"]
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=passed) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            return await answer.json() if answer.status == 200 else None
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as exc:
        logger.info("Another worker does not answer: %r", exc, extra={"action": "no_neighbour"})
        return None

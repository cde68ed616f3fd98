"""What is checked of every request before anybody asks who sent it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address

from dataquarantine.errors import ConfigError

READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Loopback names; a page of another site that resolves to 127.0.0.1 still sends its own name.
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
#: What a browser can't send across sites without asking first.
JSON_TYPES = frozenset({"application/json", "application/vnd.schemaregistry.v1+json"})


#: Answered to everybody, so that an orchestrator can look.
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
#: Everything else holds no data: the files of the dashboard, the same for everybody.
CLOSED_PREFIXES = ("/api", "/registry", "/metrics")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def is_static(method: str, path: str) -> bool:
    """Tell whether a request is for a file of the dashboard."""
    closed = any(path == each or path.startswith(each + "/") for each in CLOSED_PREFIXES)
    return method in READS and not closed


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on is reached from this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check_exposure(
    host: str, *, unauthenticated: bool, has_tokens: Callable[[], bool | None]
) -> None:
    """Refuse to listen beyond this machine while everybody would be let in.

    Args: has_tokens: None when that can't be told; then the port opens, and lets nobody in until
        it can.
    Raises: ConfigError.
    """
    if is_loopback(host) or unauthenticated or has_tokens() is not False:
        return
    raise ConfigError(
        f"web.host = {host!r} is reached from other machines, and there is no token; make one by "
        "`dataquarantine token create --bootstrap`, or set web.unauthenticated: true if only "
        "trusted clients can reach it"
    )


def refusal(method: str, headers: Mapping[str, str], *, local_only: bool) -> str | None:
    """Say why a request is refused; None lets it pass.

    Args: headers: names in any case as aiohttp gives them. local_only: the port is on loopback.
    """
    host = headers.get("Host", "")
    if local_only and _name(host) not in LOCAL_NAMES:
        return "the Host header names another machine"
    if method in READS:
        return None
    origin = headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != host:
        return "the request comes from a page of another site"
    if headers.get("Content-Length", "0") == "0" and "Transfer-Encoding" not in headers:
        return None
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return None if kind in JSON_TYPES else "writes need Content-Type: application/json"


def _name(host: str) -> str:
    """Strip the port of a Host header."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()

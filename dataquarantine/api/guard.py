"""Who may talk to a worker's web port while there are no tokens: this machine, and no web page."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from dataquarantine.errors import ConfigError

READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Loopback names; a page of another site that resolves to 127.0.0.1 still sends its own name.
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
#: What a browser can't send across sites without asking first.
JSON_TYPES = frozenset({"application/json", "application/vnd.schemaregistry.v1+json"})


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on is reached from this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check_exposure(host: str, *, unauthenticated: bool) -> None:
    """Refuse to listen beyond this machine unless that was said in so many words.

    Raises: ConfigError.
    """
    if not is_loopback(host) and not unauthenticated:
        raise ConfigError(
            f"web.host = {host!r} is reached from other machines, and the web port asks for no "
            "password; set web.unauthenticated: true if only trusted clients can reach it"
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

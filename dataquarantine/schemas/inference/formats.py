"""Which format a text has, as far as samples can show it.

Narrower than the formats' definitions, never wider: what is found here passes when it is asserted.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from typing import Final

import ciso8601

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z").match
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+\Z").match
_PATH = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*://{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?(?:[/?]{_PATH})?(?:#{_PATH})?\Z",
    re.ASCII,
).match
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII).match
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z", re.ASCII).match
_LONGEST = 2048


def _is_date_time(text: str) -> bool:
    if len(text) < 20 or text[10] not in "Tt":
        return False
    try:
        ciso8601.parse_rfc3339(text)
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    if not _DATE(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_ipv4(text: str) -> bool:
    if not _IPV4(text):
        return False
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


#: In the order in which they are proposed when several fit.
FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "date-time": _is_date_time,
    "date": _is_date,
    "uuid": lambda text: _UUID(text) is not None,
    "email": lambda text: _EMAIL(text) is not None,
    "ipv4": _is_ipv4,
    "uri": lambda text: _URI(text) is not None,
}


def format_of(text: str) -> str | None:
    """Name the one format that fits; no two of them share a text."""
    if not 7 <= len(text) <= _LONGEST:
        return None
    for name, fits in FORMATS.items():
        if fits(text):
            return name
    return None

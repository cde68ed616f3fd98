"""An Avro document as JSON text for people: envelope, screen, export."""

from __future__ import annotations

import base64
import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def to_json(document: Any) -> bytes:
    """Render a decoded document.

    Dates and times in ISO 8601, decimals as exact numbers, bytes that are printable ASCII as
    text, other bytes as `{"base64": "..."}`, NaN and infinities as text (JSON has none).
    """
    return _encoder.encode(_plain(document))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        if value.isascii() and (text := value.decode()).isprintable():
            return text
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Decimal):
        return value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat().replace("+00:00", "Z")
    return value

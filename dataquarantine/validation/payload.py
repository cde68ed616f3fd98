"""Decoding the JSON of a record, and what to say when that fails."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import msgspec

from dataquarantine.outcomes import Code, Violation

#: Decodes integers of any length exactly; of duplicate keys the last one counts.
decode_json: Final = msgspec.json.Decoder().decode
#: The same with decimals that keep every digit; for the slow path of remediation.
decode_exact: Final = msgspec.json.Decoder(float_hook=Decimal).decode
encode_exact: Final = msgspec.json.Encoder(decimal_format="number").encode

#: What the decoders raise for a bad payload.
UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_LONE_SURROGATE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def describe_undecodable(payload: bytes, problem: Exception) -> Violation:
    """Say why a payload is no JSON, without quoting it."""
    code, message = _explain(payload, problem)
    return Violation(code, "payload", message)


def empty_value() -> Violation:
    """Say that a value of no bytes is no JSON."""
    return Violation(Code.EMPTY_VALUE, "payload", "the value is empty; expected a JSON object")


def tombstone() -> Violation:
    """Say that a null value is not accepted here."""
    return Violation(
        Code.EMPTY_VALUE, "payload", "the value is null (a tombstone); expected a JSON object"
    )


def too_large(size: int, limit: int) -> Violation:
    """Say that a record exceeds the pipeline's limit."""
    return Violation(
        Code.RECORD_TOO_LARGE,
        "payload",
        f"the value holds {size} bytes, more than max_record_bytes ({limit})",
    )


def _explain(payload: bytes, problem: Exception) -> tuple[Code, str]:
    if isinstance(problem, RecursionError):
        return Code.NESTED_TOO_DEEP, "the JSON is nested too deep (about 1000 levels are read)"
    if payload.startswith(_BOMS):
        return (
            Code.INVALID_ENCODING,
            "the value starts with a byte order mark; expected plain UTF-8",
        )
    if (at := _undecodable_byte(payload)) is not None:
        return Code.INVALID_ENCODING, f"the value is not UTF-8 (byte {at})"
    if isinstance(problem, msgspec.ValidationError):
        return Code.INVALID_VALUE, "a number is too large to be read exactly"
    if surrogate := _LONE_SURROGATE.search(payload):
        at = surrogate.start()
        return Code.INVALID_ENCODING, f"half of a surrogate pair stands alone (byte {at})"
    return Code.NOT_JSON, f"the value is not JSON: {_reason(problem)}"


def _undecodable_byte(payload: bytes) -> int | None:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError as exc:
        return exc.start
    return None


def _reason(problem: Exception) -> str:
    text = str(problem)
    if "truncated" in text:
        return "it ends too early"
    return text.removeprefix("JSON is malformed: ")

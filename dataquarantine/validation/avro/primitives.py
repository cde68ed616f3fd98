"""Strict readers of Avro's primitive types: `(bytes, position, depth) -> (value, position)`.

Stricter than other decoders where Java's is: a number has no more bytes than its type can take,
a length is never negative, a boolean is 0 or 1. IndexError means: the bytes end too early.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro.errors import NotDecodable, cut_short

Read = Callable[[bytes, int, int], tuple[Any, int]]

_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1
_LONG_SHIFT = 63  # the tenth byte holds the bits from 63 on
_FLOAT = Struct("<f")
_DOUBLE = Struct("<d")


def read_long(data: bytes, at: int, depth: int = 0) -> tuple[int, int]:
    """Read a zigzag number of up to 64 bits."""
    byte = data[at]
    at += 1
    if byte < 128:
        return (byte >> 1) ^ -(byte & 1), at
    number, shift = byte & 127, 7
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > _LONG_SHIFT:
            raise NotDecodable(Code.NOT_AVRO, "a number has more than 10 bytes")
    if number >> 64:
        raise NotDecodable(Code.NOT_AVRO, "a number has more than 64 bits")
    return (number >> 1) ^ -(number & 1), at


def read_int(data: bytes, at: int, depth: int = 0) -> tuple[int, int]:
    """Read a zigzag number of up to 32 bits."""
    number, end = read_long(data, at)
    if not _INT_MIN <= number <= _INT_MAX or end - at > 5:
        raise NotDecodable(Code.NOT_AVRO, "an int has more than 32 bits")
    return number, end


def read_size(data: bytes, at: int) -> tuple[int, int]:
    """Read the length of a string or bytes; what it counts is all there."""
    size = data[at]
    if size & 0x81:  # more than one byte, or negative
        size, at = read_long(data, at)
        if size < 0:
            raise NotDecodable(Code.NOT_AVRO, "a length is negative")
    else:
        size >>= 1
        at += 1
    if at + size > len(data):
        raise cut_short()
    return size, at


def read_null(data: bytes, at: int, depth: int) -> tuple[None, int]:
    return None, at


def read_boolean(data: bytes, at: int, depth: int) -> tuple[bool, int]:
    byte = data[at]
    if byte > 1:
        raise NotDecodable(Code.NOT_AVRO, "a boolean is neither 0 nor 1")
    return byte == 1, at + 1


def read_float(data: bytes, at: int, depth: int) -> tuple[float, int]:
    if at + 4 > len(data):
        raise cut_short()
    return _FLOAT.unpack_from(data, at)[0], at + 4


def read_double(data: bytes, at: int, depth: int) -> tuple[float, int]:
    if at + 8 > len(data):
        raise cut_short()
    return _DOUBLE.unpack_from(data, at)[0], at + 8


def read_bytes(data: bytes, at: int, depth: int) -> tuple[bytes, int]:
    size, at = read_size(data, at)
    return data[at : at + size], at + size


def read_string(data: bytes, at: int, depth: int = 0) -> tuple[str, int]:
    size, at = read_size(data, at)
    try:
        return data[at : at + size].decode(), at + size
    except UnicodeDecodeError:
        raise NotDecodable(Code.INVALID_ENCODING, "a string is not UTF-8") from None


def fixed_reader(size: int) -> Read:
    """Make the reader of a fixed type."""

    def read_fixed(data: bytes, at: int, depth: int) -> tuple[bytes, int]:
        if at + size > len(data):
            raise cut_short()
        return data[at : at + size], at + size

    return read_fixed


PRIMITIVES: dict[str, Read] = {
    "null": read_null,
    "boolean": read_boolean,
    "int": read_int,
    "long": read_long,
    "float": read_float,
    "double": read_double,
    "bytes": read_bytes,
    "string": read_string,
}

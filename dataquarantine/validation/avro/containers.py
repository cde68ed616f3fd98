"""Readers of Avro's compound types, made from the readers of their parts.

An error gathers its path on the way out, so the good path pays nothing for it.
"""

from __future__ import annotations

from typing import Any

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro.defaults import fresh
from dataquarantine.validation.avro.errors import NotDecodable, cut_short
from dataquarantine.validation.avro.logical import Convert
from dataquarantine.validation.avro.primitives import Read, read_long, read_string

#: Deeper data would end in the interpreter's own recursion limit.
MAX_DEPTH = 100
#: The key of fields that the reader's schema doesn't know.
DROPPED = object()


def converting_reader(read: Read, convert: Convert) -> Read:
    def read_converted(data: bytes, at: int, depth: int) -> tuple[Any, int]:
        value, at = read(data, at, depth)
        return convert(value), at

    return read_converted


def never_reader(reason: str) -> Read:
    def refuse(data: bytes, at: int, depth: int) -> tuple[Any, int]:
        raise NotDecodable(Code.NO_ALTERNATIVE_MATCHES, reason)

    return refuse


def union_reader(branches: list[Read]) -> Read:
    count = len(branches)

    def read_union(data: bytes, at: int, depth: int) -> tuple[Any, int]:
        index, at = read_long(data, at)
        if not 0 <= index < count:
            raise NotDecodable(Code.NOT_AVRO, f"branch {index} of a union of {count}")
        return branches[index](data, at, depth)

    return read_union


def enum_reader(symbols: list[str], reader: dict[str, Any]) -> Read:
    count = len(symbols)
    known = set(reader["symbols"])
    texts = [symbol if symbol in known else reader.get("default") for symbol in symbols]

    def read_enum(data: bytes, at: int, depth: int) -> tuple[str, int]:
        index, at = read_long(data, at)
        if not 0 <= index < count:
            raise NotDecodable(Code.NOT_AVRO, f"symbol {index} of an enum of {count}")
        text = texts[index]
        if text is None:
            problem = f"symbol {symbols[index]} is unknown to the reader's enum"
            raise NotDecodable(Code.ENUM_MISMATCH, problem)
        return text, at

    return read_enum


def _block(data: bytes, at: int) -> tuple[int, int, int | None]:
    """Read the head of a block: the count of items, and where it must end if it says so."""
    count, at = read_long(data, at)
    end = None
    if count < 0:
        size, at = read_long(data, at)
        count, end = -count, at + size
    if count > len(data) - at:  # an item takes at least one byte, see `check_sizes`
        raise cut_short()
    return count, at, end


def _check_block_end(at: int, end: int | None) -> None:
    if end is not None and at != end:
        raise NotDecodable(Code.NOT_AVRO, "a block is not as long as it says")


def array_reader(read: Read) -> Read:
    def read_array(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        try:
            while True:
                count, at, end = _block(data, at)
                if not count:
                    return items, at
                for _ in range(count):
                    item, at = read(data, at, depth + 1)
                    items.append(item)
                _check_block_end(at, end)
        except NotDecodable as exc:
            raise exc.inside(len(items)) from None
        except IndexError:
            raise cut_short().inside(len(items)) from None

    return read_array


def map_reader(read: Read) -> Read:
    def read_map(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
        items: dict[str, Any] = {}
        try:
            while True:
                count, at, end = _block(data, at)
                if not count:
                    return items, at
                for _ in range(count):
                    key, at = read_string(data, at)
                    items[key], at = read(data, at, depth + 1)
                _check_block_end(at, end)
        except NotDecodable as exc:  # keys are data: an error names their place, not their text
            raise exc.inside(len(items)) from None
        except IndexError:
            raise cut_short().inside(len(items)) from None

    return read_map


def record_reader(fields: list[tuple[Any, str, Read]], missing: dict[str, Any]) -> Read:
    """Make the reader of a record; `missing` holds the defaults of fields that were not written."""
    drops = any(target is DROPPED for target, _, _ in fields)
    has_mutable = any(isinstance(value, (list, dict)) for value in missing.values())

    def read_record(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
        if depth > MAX_DEPTH:
            raise NotDecodable(Code.NESTED_TOO_DEEP, f"more than {MAX_DEPTH} levels")
        document: dict[Any, Any] = {}
        name = ""
        try:
            for target, name, read in fields:  # noqa: B007 (`name` is for the error's path)
                document[target], at = read(data, at, depth + 1)
        except NotDecodable as exc:
            raise exc.inside(name) from None
        except IndexError:
            raise cut_short().inside(name) from None
        if drops:
            document.pop(DROPPED, None)
        if missing:
            document.update(fresh(missing) if has_mutable else missing)
        return document, at

    return read_record

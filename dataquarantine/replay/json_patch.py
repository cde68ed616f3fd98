"""JSON Patch (RFC 6902) on decoded JSON.

Our own 100 lines instead of a package, because numbers must keep every digit (decimals decoded as
such) and because each operation's places are asked for before it runs: masked ones are read-only.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from dataquarantine.errors import DataQuarantineError

Operation = Mapping[str, Any]
Pointer = tuple[str, ...]

_NEEDS: Final = {
    "add": ("value",),
    "replace": ("value",),
    "test": ("value",),
    "remove": (),
    "move": ("from",),
    "copy": ("from",),
}


class PatchRefused(DataQuarantineError):
    """An operation that is no operation, or can't be done on this document."""

    def __init__(self, number: int, problem: str) -> None:
        self.problem = problem
        super().__init__(f"operation {number} of the patch: {problem}")


class _Impossible(Exception):
    """What an operation stumbled over."""


def check(patch: Sequence[Operation]) -> None:
    """Refuse what is no patch, whatever the document.

    Raises: PatchRefused.
    """
    for number, operation in enumerate(patch):
        name = operation.get("op")
        if name not in _NEEDS:
            raise PatchRefused(number, f"op must be one of {', '.join(_NEEDS)}")
        for member in ("path", *_NEEDS[name]):
            if member not in operation:
                raise PatchRefused(number, f"{member} is missing")
        for member in ("path", "from"):
            if member in operation:
                try:
                    parse_pointer(operation[member])
                except _Impossible as exc:
                    raise PatchRefused(number, str(exc)) from None


def apply(document: Any, patch: Sequence[Operation]) -> Any:
    """Return the patched copy; a patch is done as a whole or not at all.

    Raises: PatchRefused.
    """
    check(patch)
    changed = copy.deepcopy(document)
    for number, operation in enumerate(patch):
        try:
            changed = _apply_one(changed, operation)
        except _Impossible as exc:
            raise PatchRefused(number, str(exc)) from None
    return changed


def places(patch: Sequence[Operation]) -> Iterator[Pointer]:
    """Yield every place that a patch reads or changes; `check` comes first."""
    for operation in patch:
        for member in ("path", "from"):
            if member in operation:
                yield parse_pointer(operation[member])


def parse_pointer(text: Any) -> Pointer:
    """Read a JSON Pointer (RFC 6901)."""
    if not isinstance(text, str) or (text and not text.startswith("/")):
        raise _Impossible("a place is a JSON Pointer such as /user/name")
    segments = text.split("/")[1:]
    if any("~" in s.replace("~0", "").replace("~1", "") for s in segments):
        raise _Impossible("in a JSON Pointer ~ is written ~0")
    return tuple(s.replace("~1", "/").replace("~0", "~") for s in segments)


def pointer_text(segments: Sequence[str | int]) -> str:
    """Write a JSON Pointer."""
    return "".join("/" + str(s).replace("~", "~0").replace("/", "~1") for s in segments)


def _apply_one(document: Any, operation: Operation) -> Any:
    name, path = operation["op"], parse_pointer(operation["path"])
    if name == "add":
        return _add(document, path, copy.deepcopy(operation["value"]))
    if name == "remove":
        return _remove(document, path)
    if name == "replace":
        _get(document, path)
        return _put(document, path, copy.deepcopy(operation["value"]))
    if name == "test":
        if not equal(_get(document, path), operation["value"]):
            raise _Impossible("the test does not hold")
        return document
    source = parse_pointer(operation["from"])
    value = _get(document, source)
    if name == "copy":
        return _add(document, path, copy.deepcopy(value))
    if path[: len(source)] == source and len(path) > len(source):
        raise _Impossible("a value can't be moved into itself")
    return _add(_remove(document, source), path, value)


def _get(document: Any, path: Pointer) -> Any:
    for segment in path:
        document = _member(document, segment)
    return document


def _member(holder: Any, segment: str) -> Any:
    if isinstance(holder, dict) and segment in holder:
        return holder[segment]
    if isinstance(holder, list):
        return holder[_index(segment, len(holder) - 1)]
    raise _Impossible("there is no such place in the document")


def _index(segment: str, last: int) -> int:
    plain = segment.isascii() and segment.isdecimal() and (segment == "0" or segment[0] != "0")
    if not plain or len(segment) > 9 or int(segment) > last:
        raise _Impossible("there is no such element in the list")
    return int(segment)


def _add(document: Any, path: Pointer, value: Any) -> Any:
    if not path:
        return value
    holder = _get(document, path[:-1])
    if isinstance(holder, dict):
        holder[path[-1]] = value
    elif isinstance(holder, list):
        end = path[-1] == "-"
        holder.insert(len(holder) if end else _index(path[-1], len(holder)), value)
    else:
        raise _Impossible("its holder is no object and no list")
    return document


def _put(document: Any, path: Pointer, value: Any) -> Any:
    if not path:
        return value
    holder = _get(document, path[:-1])
    key = path[-1] if isinstance(holder, dict) else _index(path[-1], len(holder) - 1)
    holder[key] = value
    return document


def _remove(document: Any, path: Pointer) -> Any:
    if not path:
        raise _Impossible("the whole document can't be removed")
    _get(document, path)
    holder = _get(document, path[:-1])
    if isinstance(holder, dict):
        del holder[path[-1]]
    else:
        del holder[_index(path[-1], len(holder) - 1)]
    return document


def equal(one: Any, other: Any) -> bool:
    """Compare as JSON does: `true` is no number, 1 and 1.0 are the same."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(_number(one) == _number(other))


def _number(value: Any) -> Any:
    """Take a float as the decimal that it is written as."""
    return Decimal(repr(value)) if isinstance(value, float) else value

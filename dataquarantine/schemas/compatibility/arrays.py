"""Items of arrays: by position, the rest, and what must be among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dataquarantine.schemas.compatibility.dialect import Shape
from dataquarantine.schemas.compatibility.scalars import compare_limit

if TYPE_CHECKING:
    from dataquarantine.schemas.compatibility.walk import Pair, Walk


def compare(walk: Walk, pair: Pair) -> None:
    """Compare the array keywords of a pair."""
    _compare_positions(walk, pair)
    _compare_rest(walk, pair)
    _compare_contains(walk, pair)
    if "unevaluatedItems" in pair.reader and pair.reader["unevaluatedItems"] is not True:
        text = "which items count as evaluated depends on the branch that matches"
        at = f"{pair.pointer}/unevaluatedItems"
        walk.note("UNEVALUATED_ITEMS_NARROWED", at, text, undecided=True)
    longest = _prefix(pair.writer) if _rest(pair.writer) is False else None
    compare_limit(
        walk, pair, "maxItems", upper=True, implied=None if longest is None else len(longest)
    )
    compare_limit(walk, pair, "minItems", upper=False, implied=0)
    _compare_unique(walk, pair)


def _prefix(shape: Shape) -> list[Any]:
    found: list[Any] = shape.get("prefixItems", [])
    return found


def _rest(shape: Shape) -> Any:
    return shape.get("items", True)


def _at(shape: Shape, index: int) -> Any:
    prefix = _prefix(shape)
    return prefix[index] if index < len(prefix) else _rest(shape)


def _compare_positions(walk: Walk, pair: Pair) -> None:
    old, new = len(_prefix(pair.writer)), len(_prefix(pair.reader))
    for index in range(min(max(old, new), pair.writer.get("maxItems", max(old, new)))):
        pointer = f"{pair.pointer}/prefixItems/{index}"
        reader, writer = _at(pair.reader, index), _at(pair.writer, index)
        if index < old and index < new:
            walk.compare(reader, writer, pointer)
        elif not walk.same(reader, writer):
            change = "ADDED" if index < new else "REMOVED"
            _note_position(walk, change, index, reader, writer, pointer)


def _note_position(
    walk: Walk, change: str, index: int, reader: Any, writer: Any, pointer: str
) -> None:
    side = writer if change == "ADDED" else reader
    fits = walk.covered(reader, writer)
    if side in (True, {}):
        model = "TO_OPEN" if change == "ADDED" else "FROM_OPEN"
        code = f"ITEM_{change}_{model}_CONTENT_MODEL"
    elif side is False:
        model = "TO_CLOSED" if change == "ADDED" else "FROM_CLOSED"
        code = f"ITEM_{change}_{model}_CONTENT_MODEL"
    else:
        word = "IS_COVERED" if fits else "NOT_COVERED"
        code = f"ITEM_{change}_{word}_BY_PARTIALLY_OPEN_CONTENT_MODEL"
    text = f"item {index} " + (
        "has a schema of its own now" if change == "ADDED" else "has no schema of its own any more"
    )
    walk.note(code, pointer, text, breaks=not fits)


def _compare_rest(walk: Walk, pair: Pair) -> None:
    """Compare what lies behind the positions; a writer's `maxItems` may leave nothing there."""
    new, old = _rest(pair.reader), _rest(pair.writer)
    first = max(len(_prefix(pair.reader)), len(_prefix(pair.writer)))
    if pair.writer.get("maxItems", first + 1) <= first or walk.same(new, old):
        return
    pointer = f"{pair.pointer}/items"
    if new is False:
        walk.note("ADDITIONAL_ITEMS_REMOVED", pointer, "further items are refused now", breaks=True)
    elif new in (True, {}):
        code = "ADDITIONAL_ITEMS_ADDED" if old is False else "ADDITIONAL_ITEMS_EXTENDED"
        walk.note(code, pointer, "further items may hold anything now")
    elif old is False:
        walk.note("ADDITIONAL_ITEMS_ADDED", pointer, "further items are accepted now")
    elif old in (True, {}):
        fits = walk.covered(new, old)
        text = "items have a schema now"
        walk.note("ADDITIONAL_ITEMS_NARROWED", pointer, text, breaks=not fits)
    else:
        walk.compare(new, old, pointer)


def _compare_contains(walk: Walk, pair: Pair) -> None:
    new, old = pair.reader.get("contains"), pair.writer.get("contains")
    pointer = f"{pair.pointer}/contains"
    if new is None:
        if old is not None:
            walk.note("CONTAINS_REMOVED", pointer, "no item of a kind is demanded any more")
        return
    least, most = pair.reader["minContains"], pair.reader.get("maxContains")
    if old is None:
        if least > 0 or most is not None:
            walk.note("CONTAINS_ADDED", pointer, "some items must fit a schema now", breaks=True)
        return
    same = walk.same(new, old)
    if not same and most is not None:
        text = "how many items fit a changed schema can't be compared"
        walk.note("CONTAINS_CHANGED", pointer, text, undecided=True)
    elif not same and least > 0:
        walk.compare(new, old, pointer)
    compare_limit(walk, pair, "minContains", upper=False, implied=0)
    compare_limit(walk, pair, "maxContains", upper=True)


def _compare_unique(walk: Walk, pair: Pair) -> None:
    new, old = (shape.get("uniqueItems", False) for shape in (pair.reader, pair.writer))
    at = f"{pair.pointer}/uniqueItems"
    if new and not old:
        short = pair.writer.get("maxItems", 2) <= 1
        walk.note("UNIQUE_ITEMS_ADDED", at, "items must differ now", breaks=not short)
    elif old and not new:
        walk.note("UNIQUE_ITEMS_REMOVED", at, "items may repeat now")

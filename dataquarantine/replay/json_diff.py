"""From two JSON documents to the JSON Patch that leads from one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dataquarantine.replay.json_patch import equal, pointer_text

Place = tuple[str | int, ...]


def diff(before: Any, after: Any) -> list[dict[str, Any]]:
    """Make a patch; a value that is gone under one name and there under another is moved.

    Lists of one length are compared element by element, others are replaced as a whole: which
    elements came and went can't be told for certain.
    """
    return list(_diff(before, after, ()))


def _diff(before: Any, after: Any, at: Place) -> Iterator[dict[str, Any]]:
    if equal(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _diff_objects(before, after, at)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _diff(old, new, (*at, index))
    else:
        yield {"op": "replace", "path": pointer_text(at), "value": after}


def _diff_objects(
    before: dict[str, Any], after: dict[str, Any], at: Place
) -> Iterator[dict[str, Any]]:
    gone = [name for name in before if name not in after]
    new = [name for name in after if name not in before]
    for name in list(gone):
        twin = next((n for n in new if equal(before[name], after[n])), None)
        if twin is None and len(gone) == len(new) == 1:
            twin = new[0]  # one went, one came: a new name and a new value
        if twin is None:
            continue
        gone.remove(name)
        new.remove(twin)
        here = pointer_text((*at, twin))
        yield {"op": "move", "from": pointer_text((*at, name)), "path": here}
        yield from _diff(before[name], after[twin], (*at, twin))
    for name in gone:
        yield {"op": "remove", "path": pointer_text((*at, name))}
    for name, value in before.items():
        if name in after:
            yield from _diff(value, after[name], (*at, name))
    for name in new:
        yield {"op": "add", "path": pointer_text((*at, name)), "value": after[name]}

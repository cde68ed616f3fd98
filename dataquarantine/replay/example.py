"""Fix by example: from one edited record to steps that repair the others too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dataquarantine.errors import InvalidSchema
from dataquarantine.replay.json_patch import equal, parse_pointer
from dataquarantine.validation.payload import decode_exact, encode_exact
from dataquarantine.validation.remediation import compile_remediation
from dataquarantine.validation.remediation.changes import (
    CASTS,
    TEXT_CHANGES,
    UNCHANGED,
    date_parser,
    is_scalar,
)

Steps = list[dict[str, Any]]
DATE_FORMATS = (
    *("epoch_s", "epoch_ms", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d", "%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y"),
    *("%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y%m%d", "%a, %d %b %Y %H:%M:%S %z"),
)


@dataclass(frozen=True, slots=True)
class Example:
    """What one edit says: exactly (`patch`), in general (`recipe`, if it can be), in words."""

    patch: list[dict[str, Any]]
    recipe: Steps | None
    explanation: list[str]


class _NotGeneral(Exception):
    """Part of an edit that no step does; the text says which."""


def derive(
    original: Any,
    edited: Any,
    patch: Sequence[dict[str, Any]],
    definition: Mapping[str, Any] | None,
    *,
    keep: Sequence[str],
    now: datetime,
) -> Example:
    """Find steps that make the edited document from the original one.

    The steps are tried: a recipe that does not do to this record what the edit did is none.
    """
    try:
        found = list(_steps(original, patch, definition, set(keep)))
        steps = [step for step, _ in found]
        _try(original, edited, steps, definition, keep, now)
    except _NotGeneral as exc:
        return Example(list(patch), None, [str(exc)])
    return Example(list(patch), steps or None, [text for _, text in found])


def _try(
    original: Any,
    edited: Any,
    steps: Steps,
    definition: Mapping[str, Any] | None,
    keep: Sequence[str],
    now: datetime,
) -> None:
    try:
        recipe = compile_remediation(steps, definition, keep=keep)
    except InvalidSchema as exc:
        raise _NotGeneral(f"the edit is no repair of this schema: {exc}") from exc
    result = decode_exact(encode_exact(recipe.apply(original, now)[0]))
    if not equal(result, decode_exact(encode_exact(edited))):
        raise _NotGeneral("no steps do to this record what the edit did; use the patch")


def _steps(
    original: Any,
    patch: Sequence[dict[str, Any]],
    definition: Mapping[str, Any] | None,
    keep: set[str],
) -> Iterator[tuple[dict[str, Any], str]]:
    dropped = False
    names: dict[tuple[str, ...], tuple[str, ...]] = {}  # place after the edit -> before it
    for operation in patch:
        place = parse_pointer(operation["path"])
        if operation["op"] == "move":
            source = parse_pointer(operation["from"])
            names[place] = source
            yield _rename(source, place)
        elif operation["op"] == "replace":
            before = _value(original, _place_before(place, names))
            yield _rewrite(place, before, operation["value"], definition)
        elif operation["op"] == "add":
            field, value = _field(place), operation["value"]
            yield {"default": {"field": field, "value": value}}, f"give {field} where it is missing"
        elif not dropped:
            dropped = True
            yield {"drop_unknown": True}, "remove fields that the schema does not declare"


def _rename(source: tuple[str, ...], place: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    if source[:-1] != place[:-1]:
        raise _NotGeneral(f"{_field(source)} moves into another object; use the patch")
    old, new = _field(source), _quoted(place[-1])
    return {"rename": {"from": old, "to": new}}, f"rename {old} to {new}"


def _rewrite(
    place: tuple[str, ...], before: Any, after: Any, definition: Any
) -> tuple[dict[str, Any], str]:
    """Find what turns one value into the other, the most general first."""
    field = _field(place)
    for name, change in TEXT_CHANGES.items():
        if _gives(change(before), after):
            return {name: field}, f"{name} {field}"
    for name in ("integer", *CASTS) if _is_integer(definition, place) else CASTS:
        if _gives(CASTS[name](before), after):
            return {"cast": {"field": field, "to": name}}, f"read {field} as {name}"
    for date_only in (False, True):
        for each in DATE_FORMATS:
            if _gives(date_parser([each], UTC, date_only=date_only)(before), after):
                options = {"field": field, "formats": [each]}
                options |= {"to": "date"} if date_only else {}
                return {"parse_date": options}, f"read {field} as a date written {each}"
    if isinstance(before, str) and is_scalar(after):
        text = f"map this one value of {field}; add the others that occur"
        return {"map": {"field": field, "values": {before: after}}}, text
    if before is None:
        step = {"default": {"field": field, "value": after, "replace_null": True}}
        return step, f"give {field} where it is missing or null"
    raise _NotGeneral(f"{field} gets a value that nothing derives from the old one; use the patch")


def _is_integer(definition: Any, place: tuple[str, ...]) -> bool:
    """Tell whether the schema declares an integer there; `$ref`s are not followed."""
    for segment in place:
        if not isinstance(definition, Mapping):
            return False
        if segment.isdecimal():
            definition = definition.get("items")
        else:
            definition = (definition.get("properties") or {}).get(segment)
    return isinstance(definition, Mapping) and definition.get("type") == "integer"


def _gives(result: Any, wanted: Any) -> bool:
    return result is not UNCHANGED and type(result) is type(wanted) and equal(result, wanted)


def _place_before(
    place: tuple[str, ...], names: Mapping[tuple[str, ...], tuple[str, ...]]
) -> tuple[str, ...]:
    for length in range(len(place), 0, -1):
        if place[:length] in names:
            return (*names[place[:length]], *place[length:])
    return place


def _value(document: Any, place: tuple[str, ...]) -> Any:
    for segment in place:
        document = document[int(segment)] if isinstance(document, list) else document[segment]
    return document


def _field(place: tuple[str, ...]) -> str:
    """Write a place as steps do: list positions become `[]`, all elements."""
    written = ""
    for segment in place:
        if segment.isdecimal():
            written += "[]"
        else:
            written += ("." if written else "") + _quoted(segment)
    return written


def _quoted(name: str) -> str:
    plain = name and not any(char in '.[]"' for char in name)
    return name if plain else f'"{name}"'

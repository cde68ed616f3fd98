"""The default of a field, given as JSON, as the value a reader would have read."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from dataquarantine.validation.avro.errors import NotDecodable, Unresolvable
from dataquarantine.validation.avro.logical import converter_of


def value_of(schema: Any, default: Any, named: Mapping[str, Any]) -> Any:
    """Convert a default; of a union the first branch that it fits.

    Raises: Unresolvable when it fits no branch.
    """
    schema = plain(schema, named)
    if isinstance(schema, list):
        return _of_union(schema, default, named)
    kind = schema["type"]
    if not _fits(kind, default):
        raise Unresolvable(f"the default of a {kind} field is a {type(default).__name__}")
    value = _VALUES.get(kind, _same)(schema, default, named)
    convert = converter_of(schema)
    try:
        return convert(value) if convert else value
    except NotDecodable as exc:
        raise Unresolvable(f"default: {exc.problem}") from None


def fresh(values: dict[str, Any]) -> dict[str, Any]:
    """Copy defaults, so that no two documents share a list."""
    return deepcopy(values)


def plain(schema: Any, named: Mapping[str, Any]) -> Any:
    """Unfold a type: a dict with a `type` text, or the list of a union's branches."""
    if isinstance(schema, str):
        return named.get(schema) or {"type": schema}
    return schema


def _of_union(branches: list[Any], default: Any, named: Mapping[str, Any]) -> Any:
    for branch in branches:
        try:
            return value_of(branch, default, named)
        except Unresolvable:
            continue
    raise Unresolvable("the default fits no branch of its union")


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "int": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "array": (list,),
    "map": (dict,),
    "record": (dict,),
    "error": (dict,),
}


def _fits(kind: str, default: Any) -> bool:
    if isinstance(default, bool) and kind != "boolean":
        return False
    return isinstance(default, _PYTHON_TYPES.get(kind, (str,)))


def _same(schema: Any, default: Any, named: Mapping[str, Any]) -> Any:
    return default


def _float(schema: Any, default: Any, named: Mapping[str, Any]) -> Any:
    return float(default)


def _bytes(schema: Any, default: Any, named: Mapping[str, Any]) -> Any:
    try:
        return default.encode("latin-1")
    except UnicodeEncodeError:
        raise Unresolvable("the default of a bytes field has a character above U+00FF") from None


def _array(schema: Any, default: Any, named: Mapping[str, Any]) -> Any:
    return [value_of(schema["items"], item, named) for item in default]


def _map(schema: Any, default: Any, named: Mapping[str, Any]) -> Any:
    return {key: value_of(schema["values"], item, named) for key, item in default.items()}


def _record(schema: Any, default: Any, named: Mapping[str, Any]) -> Any:
    values = {}
    for field in schema["fields"]:
        name = field["name"]
        if name not in default and "default" not in field:
            raise Unresolvable(f"the default lacks {name}")
        values[name] = value_of(field["type"], default.get(name, field.get("default")), named)
    return values


_VALUES = {
    "float": _float,
    "double": _float,
    "bytes": _bytes,
    "fixed": _bytes,
    "array": _array,
    "map": _map,
    "record": _record,
    "error": _record,
}

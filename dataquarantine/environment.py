"""Settings by variable: `DQ_SECTION__KEY` stands for `section.key`, whatever the sections are."""

from __future__ import annotations

import difflib
import itertools
import types
from collections.abc import Mapping
from typing import Any, Union, cast, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dataquarantine.errors import ConfigError

#: Where a setting stands: keys, and positions within lists of sections.
Place = tuple[str | int, ...]


def overlay(
    values: dict[str, Any], environ: Mapping[str, str], root: type[BaseModel], prefix: str
) -> dict[Place, str]:
    """Set `values` from variables; returns which variable set which place.

    Raises: ConfigError for a variable that stands for no setting of `root`.
    """
    origins: dict[Place, str] = {}
    for variable in sorted(environ):
        place, field = _place_of(variable, root, prefix)
        _put(values, place, _parsed(environ[variable], field), variable)
        origins[place] = variable
    return origins


def variables(root: type[BaseModel], prefix: str) -> dict[str, FieldInfo]:
    """List every variable; `0` stands for the position in a list of sections."""
    found: dict[str, FieldInfo] = {}
    for key, field in keys_of(root).items():
        variable = prefix + key.upper()
        inner = section_of(field)
        if inner is None:
            found[variable] = field
        else:
            found |= variables(inner, variable + ("__0__" if _is_list(field) else "__"))
    return found


def near_key(root: type[BaseModel], place: Place) -> str | None:
    """Find the key that an unknown one was probably meant to be."""
    section = root
    for part in place[:-1]:
        if isinstance(part, str):
            section = section_of(keys_of(section)[part]) or section
    near = difflib.get_close_matches(str(place[-1]), keys_of(section), n=1)
    return near[0] if near else None


def _place_of(variable: str, root: type[BaseModel], prefix: str) -> tuple[Place, FieldInfo]:
    """Find the setting of a variable; a number selects within a list of sections."""
    place: list[str | int] = []
    section: type[BaseModel] | None = root
    field: FieldInfo | None = None
    for part in variable.removeprefix(prefix).lower().split("__"):
        if field and _is_list(field) and part.isdecimal() and isinstance(place[-1], str):
            place.append(int(part))
            continue
        field = keys_of(section).get(part) if section else None
        if field is None:
            near = difflib.get_close_matches(variable, variables(root, prefix), n=1)
            hint = f"did you mean {near[0]}?" if near else "see `dataquarantine config show`"
            raise ConfigError(f"{variable} stands for no setting; {hint}")
        place.append(part)
        section = section_of(field)
    return tuple(place), cast(FieldInfo, field)  # split() gives at least one part


def _put(values: Any, place: Place, value: Any, variable: str) -> None:
    target = values
    for part, following in itertools.pairwise(place):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(part, int):
            _make_room(target, part, variable)
            target = target[part]
        else:
            target = target.setdefault(part, empty)
        if not isinstance(target, type(empty)):
            raise ConfigError(f"{variable} is set, but {part} is a single value")
    target[place[-1]] = value


def _make_room(sections: list[Any], position: int, variable: str) -> None:
    if position > len(sections):
        raise ConfigError(f"{variable} is set, but number {position - 1} is not; count from 0")
    if position == len(sections):
        sections.append({})


def _parsed(text: str, field: FieldInfo) -> Any:
    """Understand JSON or YAML where a list or a section is wanted; all else stays text."""
    if section_of(field) is None and not _is_list(field):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def keys_of(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """List the keys of a section as they are written."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """Give the section that a setting holds, alone or in a list; None for a plain value."""
    annotation = field.annotation
    several = _is_list(field) or get_origin(annotation) in (Union, types.UnionType)
    for kind in get_args(annotation) if several else (annotation,):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple

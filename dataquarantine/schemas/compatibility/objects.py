"""Properties, required attributes and how open an object is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dataquarantine.schemas.compatibility.dialect import Shape, escape, normalise
from dataquarantine.schemas.compatibility.proof import passing, validator
from dataquarantine.schemas.compatibility.scalars import compare_limit

if TYPE_CHECKING:
    from dataquarantine.schemas.compatibility.walk import Pair, Walk


def compare(walk: Walk, pair: Pair) -> None:
    """Compare the object keywords of a pair."""
    _compare_required(walk, pair)
    names = dict.fromkeys([*_properties(pair.writer), *_properties(pair.reader)])
    for name in names:
        _compare_property(walk, pair, name)
    _compare_patterns(walk, pair)
    _compare_additional(walk, pair)
    _compare_unevaluated(walk, pair)
    _compare_names(walk, pair)
    _compare_dependents(walk, pair)
    _compare_most(walk, pair)
    needed = len(set(pair.writer.get("required", ())))
    compare_limit(walk, pair, "minProperties", upper=False, implied=needed)


def _compare_most(walk: Walk, pair: Pair) -> None:
    """Compare `maxProperties`; a writer that declares few properties promises few."""
    closed = additional(pair.writer) is False and not patterns(pair.writer)
    implied = len(_properties(pair.writer)) if closed else None
    most = pair.reader.get("maxProperties", 0)
    few = is_open(pair.writer) and len(pair.declared) <= most
    compare_limit(walk, pair, "maxProperties", upper=True, implied=implied, tolerated=few)


def _properties(shape: Shape) -> Shape:
    found: Shape = shape.get("properties", {})
    return found


def patterns(shape: Shape) -> Shape:
    """Return `patternProperties`."""
    found: Shape = shape.get("patternProperties", {})
    return found


def additional(shape: Shape) -> Any:
    """Return `additionalProperties`, absent meaning anything."""
    return shape.get("additionalProperties", True)


def is_open(shape: Shape) -> bool:
    """Tell whether an undeclared property may hold anything."""
    return additional(shape) in (True, {}) and not patterns(shape)


@lru_cache(maxsize=4096)
def matches(pattern: str, name: str) -> bool | None:
    """Tell whether a property name matches a pattern; None when the engine can't say."""
    compiled = validator({"pattern": pattern})
    return None if compiled is None else compiled.is_valid(name)


def constraints(shape: Shape, name: str, *, reader: bool) -> list[Any]:
    """Return every schema that a property of that name must satisfy.

    Where it is open whether a pattern applies, a reader's is counted in and a writer's is not.
    """
    found = [_properties(shape)[name]] if name in _properties(shape) else []
    uncertain = False
    for pattern, schema in patterns(shape).items():
        hit = matches(pattern, name)
        uncertain = uncertain or hit is None
        if hit or (hit is None and reader):
            found.append(schema)
    if not found or (uncertain and reader and name not in _properties(shape)):
        found.append(True if uncertain and not reader else additional(shape))
    return found


def _compare_required(walk: Walk, pair: Pair) -> None:
    old = set(pair.writer.get("required", ()))
    new = set(pair.reader.get("required", ()))
    at = f"{pair.pointer}/required"
    for name in sorted(new - old):
        walk.note(
            _required_code(pair, name),
            at,
            f"{name!r} is required now, and the writer may "
            "leave it out; a default fills nothing in",
            breaks=True,
        )
    for name in sorted(old - new):
        walk.note("REQUIRED_ATTRIBUTE_REMOVED", at, f"{name!r} may be left out now")


def _required_code(pair: Pair, name: str) -> str:
    schema = _properties(pair.reader).get(name)
    default = "_WITH_DEFAULT" if isinstance(schema, dict) and "default" in schema else ""
    if name in _properties(pair.writer):
        return f"REQUIRED_ATTRIBUTE{default}_ADDED"
    model = "OPEN" if is_open(pair.writer) else "UNOPEN"
    return f"REQUIRED_PROPERTY{default}_ADDED_TO_{model}_CONTENT_MODEL"


def _compare_property(walk: Walk, pair: Pair, name: str) -> None:
    pointer = f"{pair.pointer}/properties/{escape(name)}"
    new = constraints(pair.reader, name, reader=True)
    old = constraints(pair.writer, name, reader=False)
    sent = old[0] if len(old) == 1 else {"allOf": old}
    in_reader, in_writer = name in _properties(pair.reader), name in _properties(pair.writer)
    if in_reader and in_writer:
        for schema in new:
            walk.compare(schema, sent, pointer)
    elif in_reader:
        _note_added(walk, pair, name, new, sent, pointer)
    else:
        _note_removed(walk, pair, name, new, sent, pointer)


def _note_added(walk: Walk, pair: Pair, name: str, new: list[Any], sent: Any, pointer: str) -> None:
    schema = normalise(new[0], walk.reader_root)
    if is_open(pair.writer):
        if schema is True or schema == {}:
            text = f"{name!r} is declared, with no demand on it"
            walk.note("PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", pointer, text)
            return
        text = f"{name!r} is declared now; the writer may send anything under that name"
        undeclared = name not in pair.declared
        walk.note(
            "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
            pointer,
            text,
            breaks=True,
            tolerated=undeclared,
        )
    elif sent is False:
        text = f"{name!r} is declared now; the writer could not send it"
        walk.note("OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", pointer, text)
    else:
        _note_covered(walk, "ADDED", name, new, sent, pointer)


def _note_removed(
    walk: Walk, pair: Pair, name: str, new: list[Any], sent: Any, pointer: str
) -> None:
    if normalise(sent, walk.writer_root) is False:
        text = f"{name!r} was forbidden and is no longer named"
        walk.note("PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL", pointer, text)
    elif is_open(pair.reader):
        text = f"{name!r} is no longer declared; it may still be sent"
        walk.note("PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL", pointer, text)
    elif False in new:
        text = f"{name!r} is no longer declared, and undeclared properties are refused"
        walk.note("PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", pointer, text, breaks=True)
    else:
        _note_covered(walk, "REMOVED", name, new, sent, pointer)


def _note_covered(
    walk: Walk, change: str, name: str, new: list[Any], sent: Any, pointer: str
) -> None:
    fits = all(walk.covered(schema, sent) for schema in new)
    word = "IS_COVERED" if fits else "NOT_COVERED"
    code = f"PROPERTY_{change}_{word}_BY_PARTIALLY_OPEN_CONTENT_MODEL"
    text = f"{name!r} falls under the schema for other properties"
    walk.note(code, pointer, text if fits else f"{text}, which does not fit", breaks=not fits)
    if not fits:
        for schema in new:
            walk.compare(schema, sent, pointer)


def _compare_patterns(walk: Walk, pair: Pair) -> None:
    """Compare names that only patterns speak of; patterns are taken to overlap."""
    for pattern, schema in patterns(pair.reader).items():
        pointer = f"{pair.pointer}/patternProperties/{escape(pattern)}"
        if pattern in patterns(pair.writer):
            walk.compare(schema, patterns(pair.writer)[pattern], pointer)
            continue
        others = [*patterns(pair.writer).values(), additional(pair.writer)]
        fits = all(walk.covered(schema, sent) for sent in others)
        tolerated = is_open(pair.writer) and not any(
            matches(pattern, name) is not False for name in pair.declared
        )
        text = f"names like {pattern!r} have a schema of their own now"
        walk.note("PATTERN_PROPERTY_ADDED", pointer, text, breaks=not fits, tolerated=tolerated)
    for pattern, sent in patterns(pair.writer).items():
        if pattern in patterns(pair.reader):
            continue
        pointer = f"{pair.pointer}/patternProperties/{escape(pattern)}"
        fits = all(
            walk.covered(schema, sent)
            for schema in [*patterns(pair.reader).values(), additional(pair.reader)]
        )
        text = f"names like {pattern!r} are treated as other properties now"
        walk.note("PATTERN_PROPERTY_REMOVED", pointer, text, breaks=not fits)


def _compare_additional(walk: Walk, pair: Pair) -> None:
    new, old = additional(pair.reader), additional(pair.writer)
    pointer = f"{pair.pointer}/additionalProperties"
    if new == old and walk.same(new, old):
        return
    # Under LENIENT nobody sends what is declared nowhere; a schema for the others declares them.
    hidden = pair.declared - set(_properties(pair.writer)) - set(_properties(pair.reader))
    tolerated = old in (True, {}) and not hidden
    if new is False:
        walk.note(
            "ADDITIONAL_PROPERTIES_REMOVED",
            pointer,
            "undeclared properties are refused now",
            breaks=True,
            tolerated=tolerated,
        )
    elif new in (True, {}):
        code = "ADDITIONAL_PROPERTIES_ADDED" if old is False else "ADDITIONAL_PROPERTIES_EXTENDED"
        walk.note(code, pointer, "undeclared properties may hold anything now")
    elif old in (True, {}):
        walk.note(
            "ADDITIONAL_PROPERTIES_NARROWED",
            pointer,
            "undeclared properties have a schema now",
            breaks=True,
            tolerated=tolerated,
        )
    elif old is False:
        walk.note("ADDITIONAL_PROPERTIES_ADDED", pointer, "undeclared properties are accepted now")
    else:
        walk.compare(new, old, pointer)


def _compare_unevaluated(walk: Walk, pair: Pair) -> None:
    """Compare `unevaluatedProperties` where branches decide what counts as evaluated."""
    keyword = "unevaluatedProperties"
    if keyword not in pair.reader or pair.reader[keyword] is True:
        if keyword in pair.writer:
            text = "properties that no branch speaks of are accepted now"
            walk.note("UNEVALUATED_PROPERTIES_ADDED", f"{pair.pointer}/{keyword}", text)
        return
    text = "which properties count as evaluated depends on the branch that matches"
    walk.note("UNEVALUATED_PROPERTIES_NARROWED", f"{pair.pointer}/{keyword}", text, undecided=True)


def _compare_names(walk: Walk, pair: Pair) -> None:
    new, old = pair.reader.get("propertyNames", True), pair.writer.get("propertyNames", True)
    pointer = f"{pair.pointer}/propertyNames"
    if new is True and old is not True:
        walk.note("PROPERTY_NAMES_REMOVED", pointer, "property names are free now")
    elif old is True and new is not True:
        fitting = passing(sorted(pair.declared), new, walk.reader_root)
        fits = is_open(pair.writer) and fitting is not None and all(fitting)
        text = "property names must fit a schema"
        walk.note("PROPERTY_NAMES_ADDED", pointer, text, breaks=True, tolerated=fits)
    else:
        walk.compare(new, old, pointer)


def _compare_dependents(walk: Walk, pair: Pair) -> None:
    _compare_dependent_names(walk, pair)
    old, new = (shape.get("dependentSchemas", {}) for shape in (pair.writer, pair.reader))
    for name in dict.fromkeys([*old, *new]):
        pointer = f"{pair.pointer}/dependentSchemas/{escape(name)}"
        if name not in new:
            walk.note("DEPENDENCY_SCHEMA_REMOVED", pointer, f"with {name!r} no more is demanded")
        elif name not in old:
            fits = walk.covered(new[name], pair.raw_writer)
            text = f"a record with {name!r} must fit one more schema"
            walk.note("DEPENDENCY_SCHEMA_ADDED", pointer, text, breaks=not fits)
        else:
            walk.compare(new[name], old[name], pointer)


def _compare_dependent_names(walk: Walk, pair: Pair) -> None:
    old, new = (shape.get("dependentRequired", {}) for shape in (pair.writer, pair.reader))
    always = set(pair.writer.get("required", ()))
    for name in dict.fromkeys([*old, *new]):
        pointer = f"{pair.pointer}/dependentRequired/{escape(name)}"
        was, now = set(old.get(name, ())), set(new.get(name, ()))
        if was == now:
            continue
        change = (
            "REMOVED"
            if name not in new
            else "ADDED"
            if name not in old
            else ("EXTENDED" if was < now else "NARROWED" if now < was else "CHANGED")
        )
        text = f"with {name!r}, required was {sorted(was)}, is {sorted(now)}"
        walk.note(f"DEPENDENCY_ARRAY_{change}", pointer, text, breaks=not now <= was | always)

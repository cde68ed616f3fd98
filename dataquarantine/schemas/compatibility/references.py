"""References: made local before a comparison, and searched for loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin

from dataquarantine.schemas.compatibility.dialect import resolve_pointer
from dataquarantine.validation.subschemas import IN_PLACE, children, walk

_EMBEDDED = "dq-external-"


def in_one_document(definition: Any, resources: Mapping[str, Any]) -> Any:
    """Copy the schemas that a definition refers to by `$id` into it.

    Args: resources: absolute `$id` -> definition.
    Returns: the definition itself when it refers to nothing outside.
    """
    if not isinstance(definition, dict):
        return definition
    embedded: dict[str, str] = {}
    base = _identifier(definition)
    own = {base: ""} if base else {}
    made = _localised(definition, base, "", own, embedded, resources)
    waiting = list(embedded)
    done: dict[str, Any] = {}
    while waiting:
        uri = waiting.pop()
        if uri in done:
            continue
        done[uri] = True
        target = {k: v for k, v in resources[uri].items() if k not in ("$id", "id", "$schema")}
        known = len(embedded)
        at = embedded[uri]
        done[uri] = _localised(target, uri, at, own, embedded, resources)
        waiting += list(embedded)[known:]
    if not done:
        return made
    made["$defs"] = {
        **made.get("$defs", {}),
        **{embedded[uri].rpartition("/")[2]: schema for uri, schema in done.items()},
    }
    return made


def _identifier(definition: Mapping[str, Any]) -> str:
    found = definition.get("$id", definition.get("id"))
    return found.removesuffix("#") if isinstance(found, str) else ""


def _localised(
    node: Any,
    base: str,
    prefix: str,
    own: Mapping[str, str],
    embedded: dict[str, str],
    resources: Mapping[str, Any],
) -> Any:
    """Rewrite `$ref`s so that they point into the one document."""
    if isinstance(node, list):
        return [_localised(item, base, prefix, own, embedded, resources) for item in node]
    if not isinstance(node, dict):
        return node
    made = {k: _localised(v, base, prefix, own, embedded, resources) for k, v in node.items()}
    reference = node.get("$ref")
    if isinstance(reference, str):
        uri, fragment = urldefrag(urljoin(base, reference) if base else reference)
        if not uri or uri == base:
            made["$ref"] = f"#{prefix}{fragment}"
        elif uri in own:
            made["$ref"] = f"#{fragment}"
        elif isinstance(resources.get(uri), dict):
            place = embedded.setdefault(uri, f"/$defs/{_EMBEDDED}{len(embedded)}")
            made["$ref"] = f"#{place}{fragment}"
    return made


def reference_loop(definition: Any) -> str | None:
    """Name a reference that leads back to itself without going deeper into the record."""
    state: dict[int, bool] = {}  # False: being followed, True: done
    for _, start in walk(definition):
        if not isinstance(start, dict) or id(start) in state:
            continue
        state[id(start)] = False
        path = [(start, _same_place(definition, start))]
        while path:
            schema, waiting = path[-1]
            found = next(waiting, None)
            if found is None:
                state[id(schema)] = True
                path.pop()
                continue
            target, reference = found
            if state.get(id(target)) is False:
                return reference
            if id(target) not in state:
                state[id(target)] = False
                path.append((target, _same_place(definition, target)))
    return None


def _same_place(root: Any, schema: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the schemas that judge the same value, with the reference that leads there."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        try:
            target = resolve_pointer(root, reference)
        except KeyError:
            target = None
        if isinstance(target, dict):
            yield target, reference
    for pointer, child in children(schema):
        if (pointer[0] in IN_PLACE or pointer[0] == "not") and isinstance(child, dict):
            yield child, str(pointer[0])

"""The types of an Avro schema, found by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PRIMITIVES = frozenset("null boolean int long float double bytes string".split())


class AvroSchemaError(ValueError):
    """The text is no Avro schema."""


@dataclass(frozen=True)
class AvroNames:
    """The named types of one schema, by full name."""

    types: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, schema: Any) -> AvroNames:
        types: dict[str, dict[str, Any]] = {}
        _collect(schema, "", types)
        return cls(types)


def _collect(schema: Any, namespace: str, types: dict[str, dict[str, Any]]) -> None:
    if isinstance(schema, list):
        for branch in schema:
            _collect(branch, namespace, types)
        return
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    if isinstance(kind, dict | list):
        _collect(kind, namespace, types)
    elif kind in ("record", "error", "enum", "fixed"):
        name = full_name(schema, namespace)
        namespace = name.rpartition(".")[0]
        types[name] = {**schema, "name": name, "namespace": namespace}
        for part in schema.get("fields", ()):
            _collect(part["type"], namespace, types)
    elif kind == "array":
        _collect(schema.get("items"), namespace, types)
    elif kind == "map":
        _collect(schema.get("values"), namespace, types)


def full_name(schema: dict[str, Any], namespace: str) -> str:
    """Return the full name of a named type in an enclosing namespace."""
    name: str = schema["name"]
    if "." in name:
        return name
    own = schema.get("namespace", namespace)
    return f"{own}.{name}" if own else name


@dataclass(frozen=True)
class Type:
    """A type with the namespace that its unqualified names are read in."""

    kind: str
    schema: dict[str, Any]
    namespace: str

    @property
    def name(self) -> str:
        return str(self.schema.get("name", self.kind))

    @property
    def logical(self) -> str | None:
        """The logical type, unless the specification says to ignore it."""
        found = self.schema.get("logicalType")
        return str(found) if found is not None else None


def read_type(schema: Any, namespace: str, names: AvroNames) -> Type:
    """Look a type up in a schema.

    Raises: AvroSchemaError for an unknown name.
    """
    if isinstance(schema, list):
        return Type("union", {"branches": schema}, namespace)
    if isinstance(schema, dict):
        kind = schema.get("type")
        if isinstance(kind, dict | list):
            return read_type(kind, namespace, names)
        if kind in ("record", "error", "enum", "fixed"):
            found = names.types[full_name(schema, namespace)]
            return Type("record" if kind == "error" else str(kind), found, found["namespace"])
        if kind in PRIMITIVES or kind in ("array", "map"):
            return Type(str(kind), schema, namespace)
        schema = kind
    if isinstance(schema, str):
        if schema in PRIMITIVES:
            return Type(schema, {}, namespace)
        for name in (schema, f"{namespace}.{schema}" if namespace else schema):
            if name in names.types and ("." in name or not namespace or name != schema):
                found = names.types[name]
                kind = "record" if found["type"] == "error" else str(found["type"])
                return Type(kind, found, found["namespace"])
        if schema in names.types:
            found = names.types[schema]
            return Type(str(found["type"]), found, found["namespace"])
    raise AvroSchemaError(f"{schema!r} is no Avro type")

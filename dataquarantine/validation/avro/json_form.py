"""The JSON Schema of what a rendered Avro document looks like.

It gives rules their types, masking its marks and declared fields their names, and judges records
that arrive as JSON but name an Avro schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataquarantine.validation.avro.defaults import plain
from dataquarantine.validation.avro.schema import AvroSchema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SIMPLE: dict[str, dict[str, Any]] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "string": {"type": "string"},
    "bytes": {"type": ["string", "object"]},
    "fixed": {"type": ["string", "object"]},
}
_LOGICAL: dict[str, dict[str, Any]] = {
    "decimal": {"type": "number"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
    "time-millis": {"type": "string"},
    "time-micros": {"type": "string"},
    "timestamp-millis": {"type": "string", "format": "date-time"},
    "timestamp-micros": {"type": "string", "format": "date-time"},
    "local-timestamp-millis": {"type": "string"},
    "local-timestamp-micros": {"type": "string"},
}


def json_form(schema: AvroSchema) -> dict[str, Any]:
    """Describe the rendered form of a schema's documents, `x-` marks of fields included."""
    form = _Form(schema.named)
    root = plain(schema.parsed, schema.named)
    described = form.record(root) if _is_record(root) else form.of(root)
    return {"$schema": _DIALECT, **described, **({"$defs": form.defs} if form.defs else {})}


def _is_record(schema: Any) -> bool:
    return isinstance(schema, dict) and schema["type"] in ("record", "error")


class _Form:
    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named
        self.defs: dict[str, Any] = {}

    def of(self, schema: Any) -> dict[str, Any]:
        """Describe one type; records are described once, under `$defs`."""
        schema = plain(schema, self._named)
        if isinstance(schema, list):
            return self._union(schema)
        kind = schema["type"]
        if _is_record(schema):
            name = schema["name"]
            if name not in self.defs:
                self.defs[name] = {}
                self.defs[name] = self.record(schema)
            return {"$ref": f"#/$defs/{name}"}
        if kind == "enum":
            return {"type": "string", "enum": list(schema["symbols"])}
        if kind == "array":
            return {"type": "array", "items": self.of(schema["items"])}
        if kind == "map":
            return {"type": "object", "additionalProperties": self.of(schema["values"])}
        return dict(_LOGICAL.get(schema.get("logicalType", ""), _SIMPLE[kind]))

    def record(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a record: exactly its fields, those with a default optional."""
        fields = schema["fields"]
        described: dict[str, Any] = {
            "type": "object",
            "properties": {field["name"]: self._field(field) for field in fields},
            "additionalProperties": False,
        }
        if required := [field["name"] for field in fields if "default" not in field]:
            described["required"] = required
        return described

    def _field(self, field: dict[str, Any]) -> dict[str, Any]:
        marks = {key: value for key, value in field.items() if key.startswith("x-")}
        return {**self.of(field["type"]), **marks}

    def _union(self, branches: list[Any]) -> dict[str, Any]:
        described = [self.of(branch) for branch in branches]
        others = [form for form in described if form != {"type": "null"}]
        if len(described) == 2 and len(others) == 1 and isinstance(others[0].get("type"), str):
            return _optional(others[0])
        return {"anyOf": described}


def _optional(form: dict[str, Any]) -> dict[str, Any]:
    merged = {**form, "type": [form["type"], "null"]}
    if "enum" in form:
        merged["enum"] = [*form["enum"], None]
    return merged

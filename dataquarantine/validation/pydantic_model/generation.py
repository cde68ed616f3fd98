"""A model made from the part of JSON Schema that Pydantic's types can express.

A keyword outside that part is refused rather than skipped: a model that checks less than its
schema says would pass bad records in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Union
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.errors import PydanticUserError
from pydantic.networks import AnyUrl
from pydantic_core import SchemaError

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.subschemas import resolve_local

MAX_DEPTH = 60
_ANNOTATIONS = frozenset(
    (
        "$comment",
        "$defs",
        "$id",
        "$schema",
        "default",
        "definitions",
        "deprecated",
        "description",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    )
)
_FORMATS: dict[str, Any] = {
    "date-time": datetime,
    "date": date,
    "time": time,
    "uuid": UUID,
    "uri": AnyUrl,
}
_LIMITS = {
    "string": {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"},
    "integer": {
        "minimum": "ge",
        "maximum": "le",
        "exclusiveMinimum": "gt",
        "exclusiveMaximum": "lt",
        "multipleOf": "multiple_of",
    },
    "array": {"minItems": "min_length", "maxItems": "max_length"},
    "object": {"minProperties": "min_length", "maxProperties": "max_length"},
}
_LIMITS["number"] = _LIMITS["integer"]
_OF_ONE_TYPE = {
    "format": "string",
    "items": "array",
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
}


def generate_model(definition: Any, *, name: str, where: str = "") -> type[BaseModel]:
    """Generate a model from a JSON Schema whose root is an object.

    Raises: InvalidSchema naming the keyword and its place when the schema can't be expressed.
    """
    generator = _Generator(definition, where)
    try:
        model = generator.root(re.sub(r"\W", "_", name))
        model.model_rebuild(_types_namespace=dict(generator.models))
    except (SchemaError, PydanticUserError, TypeError, ValueError, re.error) as exc:
        remedy = "correct the schema, or write the model by hand"
        raise InvalidSchema(f"no model can be made: {exc}", where=where, remedy=remedy) from exc
    return model


class _Generator:
    def __init__(self, root: Any, where: str) -> None:
        self._root = root
        self._where = where
        self._names: dict[str, str] = {}  # by `$ref`
        self.models: dict[str, Any] = {}
        self._depth = 0

    def root(self, name: str) -> type[BaseModel]:
        """Make the model of the whole schema."""
        self._names["#"] = name
        self.models[name] = model = self.model(self._root, "", name)
        return model

    def model(self, schema: Any, pointer: str, name: str) -> type[BaseModel]:
        """Make the model of an object with properties."""
        if not isinstance(schema, dict) or schema.get("type") != "object":
            raise self._refused(pointer, "the root of a model must have type object")
        self._only(schema, pointer, "type", "properties", "required", "additionalProperties")
        extra = schema.get("additionalProperties", True)
        if not isinstance(extra, bool):
            problem = "properties beside a schema for additional ones can't be expressed"
            raise self._refused(f"{pointer}/additionalProperties", problem)
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        if undeclared := sorted(set(required) - set(properties)):
            problem = f"{undeclared[0]} is required, but not declared"
            raise self._refused(f"{pointer}/required", problem)
        fields = {
            # the alias is the property's name; the field's own name can be any
            f"field_{index}": self._field(key, value, key in required, pointer)
            for index, (key, value) in enumerate(properties.items())
        }
        config = ConfigDict(extra="allow" if extra else "forbid", title=name)
        return create_model(name, __config__=config, **fields)

    def _field(self, key: str, schema: Any, required: bool, pointer: str) -> Any:
        kind = self.type_of(schema, f"{pointer}/properties/{key}")
        marks = (
            {k: v for k, v in schema.items() if k.startswith("x-")} if schema is not True else {}
        )
        # a missing optional field is not checked, so its default need not be of its type
        default = ... if required else None
        return (kind, Field(default, alias=key, json_schema_extra=marks or None))

    def type_of(self, schema: Any, pointer: str) -> Any:
        """Find the Python type of a schema."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._refused(pointer, f"the schema is nested deeper than {MAX_DEPTH}")
        try:
            return self._type_of(schema, pointer)
        finally:
            self._depth -= 1

    def _type_of(self, schema: Any, pointer: str) -> Any:
        if schema is True or schema == {}:
            return Any
        if not isinstance(schema, dict):
            raise self._refused(pointer, "false can't be expressed")
        if "$ref" in schema:
            return self._reference(schema, pointer)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                self._only(schema, pointer, keyword)
                if keyword == "oneOf" and not _disjoint(schema["oneOf"]):
                    problem = "alternatives that one value may fit can't be told apart by a model"
                    raise self._refused(f"{pointer}/oneOf", problem)
                branches = [
                    self.type_of(branch, f"{pointer}/{keyword}/{index}")
                    for index, branch in enumerate(schema[keyword])
                ]
                return Union[tuple(branches)]  # noqa: UP007 (made at run time)
        if "const" in schema or "enum" in schema:
            return self._choice(schema, pointer)
        kinds = schema.get("type")
        if isinstance(kinds, list):
            types = [self.type_of(_narrowed(schema, kind), pointer) for kind in kinds]
            return Union[tuple(types)]  # noqa: UP007 (made at run time)
        make = _MAKERS.get(kinds) if isinstance(kinds, str) else None
        if make is None:
            raise self._refused(pointer, "a schema without a known type can't be expressed")
        return make(self, schema, pointer)

    def _reference(self, schema: Any, pointer: str) -> Any:
        self._only(schema, pointer, "$ref")
        reference = schema["$ref"]
        if reference in self._names:
            return self._names[reference]  # a forward reference, resolved at the end
        target = resolve_local(self._root, reference)
        if target is None:
            problem = f"$ref {reference} leads nowhere in this schema"
            raise self._refused(pointer, problem)
        if not isinstance(target, dict) or "properties" not in target:
            return self.type_of(target, reference.removeprefix("#"))
        name = self._names[reference] = f"Model{len(self._names)}"
        self.models[name] = self.model(target, reference.removeprefix("#"), name)
        return self.models[name]

    def _choice(self, schema: Any, pointer: str) -> Any:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        self._only(schema, pointer, "enum", "const", "type")
        if not values or not all(isinstance(v, (str, int, type(None))) for v in values):
            raise self._refused(pointer, "an enum of other than texts, integers, null, booleans")
        return Literal[tuple(values)]

    def null(self, schema: Any, pointer: str) -> Any:
        return None

    def boolean(self, schema: Any, pointer: str) -> Any:
        self._only(schema, pointer, "type")
        return bool

    def text(self, schema: Any, pointer: str) -> Any:
        self._only(schema, pointer, "type", "format", *_LIMITS["string"])
        if "format" not in schema:
            return self._limited(str, schema, "string")
        if schema["format"] not in _FORMATS or schema.keys() & _LIMITS["string"]:
            problem = "this format, or a format beside a length or pattern, can't be expressed"
            raise self._refused(f"{pointer}/format", problem)
        return _FORMATS[schema["format"]]

    def number(self, schema: Any, pointer: str) -> Any:
        self._only(schema, pointer, "type", *_LIMITS["number"])
        base = Annotated[float, Field(allow_inf_nan=False)]
        kind = int if schema["type"] == "integer" else base
        return self._limited(kind, schema, "number")

    def array(self, schema: Any, pointer: str) -> Any:
        self._only(schema, pointer, "type", "items", *_LIMITS["array"])
        item = self.type_of(schema.get("items", True), f"{pointer}/items")
        return self._limited(list[item], schema, "array")  # type: ignore[valid-type] # run time

    def object(self, schema: Any, pointer: str) -> Any:
        if "properties" in schema:
            return self.model(schema, pointer, f"Model_at{re.sub(r'[^0-9A-Za-z]', '_', pointer)}")
        allowed = ("type", "additionalProperties", *_LIMITS["object"])
        self._only(schema, pointer, *allowed)
        extra = schema.get("additionalProperties", True)
        if extra is False:
            return self.model(schema, pointer, "Empty")
        item = self.type_of(extra, f"{pointer}/additionalProperties")
        return self._limited(dict[str, item], schema, "object")  # type: ignore[valid-type]

    def _limited(self, kind: Any, schema: Any, group: str) -> Any:
        limits = {
            python: schema[keyword]
            for keyword, python in _LIMITS[group].items()
            if keyword in schema
        }
        return Annotated[kind, Field(**limits)] if limits else kind

    def _only(self, schema: dict[str, Any], pointer: str, *keywords: str) -> None:
        for keyword in schema:
            known = keyword in keywords or keyword in _ANNOTATIONS or keyword.startswith("x-")
            if not known:
                problem = f"keyword {keyword} can't be expressed here"
                raise self._refused(f"{pointer}/{keyword}", problem)

    def _refused(self, pointer: str, problem: str) -> InvalidSchema:
        remedy = "use type json_schema, or write the model by hand"
        return InvalidSchema(f"{pointer or '/'}: {problem}", where=self._where, remedy=remedy)


def _disjoint(alternatives: Any) -> bool:
    """Tell whether no value can fit two of them: each has a type of its own."""
    kinds = [alternative.get("type") for alternative in alternatives]
    kinds = ["number" if kind == "integer" else kind for kind in kinds]
    return all(isinstance(kind, str) for kind in kinds) and len(set(kinds)) == len(kinds)


def _narrowed(schema: dict[str, Any], kind: str) -> dict[str, Any]:
    """Keep what concerns one of several types; other types' keywords say nothing about it."""
    foreign = {key for limits in _LIMITS.values() for key in limits} - set(_LIMITS.get(kind, ()))
    foreign |= _OF_ONE_TYPE.keys() - {key for key, of in _OF_ONE_TYPE.items() if of == kind}
    return {**{key: value for key, value in schema.items() if key not in foreign}, "type": kind}


_MAKERS: dict[str, Callable[[_Generator, Any, str], Any]] = {
    "null": _Generator.null,
    "boolean": _Generator.boolean,
    "string": _Generator.text,
    "integer": _Generator.number,
    "number": _Generator.number,
    "array": _Generator.array,
    "object": _Generator.object,
}

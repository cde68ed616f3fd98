"""What a schema version says of structure and types, whatever language it is written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataquarantine.errors import InvalidSchema
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.validation.avro import AvroDecoder, json_form, parse_avro
from dataquarantine.validation.json_schema import compile_json_schema
from dataquarantine.validation.layers import Layer
from dataquarantine.validation.pydantic_model import compile_pydantic


@dataclass(frozen=True, slots=True)
class Shape:
    """Structure and types of one version.

    definition: the JSON Schema of its documents: its own, Avro's JSON form, or its model's.
    layers: for documents that came as JSON.
    avro, avro_layers: for values that came as Avro, whose structure the reader has proved.
    """

    definition: Any
    layers: tuple[Layer, ...]
    avro: AvroDecoder | None = None
    avro_layers: tuple[Layer, ...] = ()


def compile_shape(
    document: SchemaDocument,
    *,
    resources: Mapping[str, Any],
    model_packages: Sequence[str] = (),
) -> Shape:
    """Compile what the version's type and model ask for.

    Raises: InvalidSchema with place and remedy.
    """
    where = document.reference
    definition, avro = document.definition, None
    if definition is None and document.type != "pydantic":
        kind = "Avro schema" if document.type == "avro" else "JSON Schema"
        remedy = f"write the {kind} under `schema`"
        raise InvalidSchema("no schema is given", where=where, remedy=remedy)
    if document.type == "avro":
        schema = parse_avro(definition, where=where)
        avro = AvroDecoder(schema)
        definition = json_form(schema)
    layers: list[Layer] = []
    if document.type != "pydantic" or (document.model and definition is not None):
        layers.append(compile_json_schema(definition, where=where, resources=resources))
    if document.type == "pydantic" or document.model:
        types = compile_pydantic(document, model_packages)
        layers.append(types)
        definition = types.definition if definition is None else definition
    return Shape(definition, tuple(layers), avro, tuple(layers[1:]) if avro else ())

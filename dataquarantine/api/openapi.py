"""The OpenAPI 3.1 document, made from the routes that are served."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter

import dataquarantine
from dataquarantine.api.http import NDJSON, Request
from dataquarantine.api.identity import Role
from dataquarantine.api.routes import Operation, route

_REF = "#/components/schemas/{model}"
Schema = dict[str, Any]


class Problem(BaseModel):
    """What every refusal looks like; `error_code` is the status followed by two digits."""

    error_code: int
    message: str
    details: dict[str, Any] = Field(default_factory=dict)


class OpenApiDocument:
    """Serves the document; `describe` is called once all routes are known."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}

    @route("GET", "/openapi.json", "This document")
    async def openapi(self, request: Request) -> dict[str, Any]:
        return self.document


def describe(operations: Sequence[Operation], mount: str) -> dict[str, Any]:
    """Make the document."""
    schemas, components = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in sorted(operations, key=lambda each: each.declared.path):
        path = re.sub(r":path}", "}", operation.declared.path)
        paths.setdefault(path, {})[operation.declared.method.lower()] = _operation(
            operation, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "DataQuarantine",
            "version": dataquarantine.__version__,
            "description": f"Roles: {', '.join(Role)}; each includes the ones before it. "
            "Times are ISO 8601 in UTC, unknown numbers null.",
        },
        "servers": [{"url": mount}],
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(
    operations: Sequence[Operation],
) -> tuple[Mapping[tuple[str, str], Schema], dict[str, Schema]]:
    """Make the schemas of everything that comes in or goes out, by operation and part."""
    wanted: list[Any] = [("", "serialization", TypeAdapter(Problem))]
    for each in operations:
        for part, model in (("query", each.query), ("body", each.body)):
            if model is not None:
                wanted.append((f"{each.name} {part}", "validation", TypeAdapter(model)))
        for name, adapter in each.parameters.items():
            wanted.append((f"{each.name} {name}", "validation", adapter))
        if each.answer is not None:
            wanted.append((f"{each.name} answer", "serialization", each.answer))
    made, definitions = TypeAdapter.json_schemas(wanted, ref_template=_REF)
    components: dict[str, Schema] = definitions.get("$defs", {})
    found: dict[tuple[str, str], Schema] = {}
    for (key, _), schema in made.items():
        operation, _, part = str(key).partition(" ")
        found[operation, part] = dict(schema)
    return found, components


def _operation(operation: Operation, schemas: Mapping[tuple[str, str], Schema]) -> Schema:
    declared = operation.declared
    described: Schema = {
        "operationId": operation.name,
        "summary": declared.summary,
        "description": _description(operation),
        "tags": [declared.path.split("/")[1]],
        "x-role": declared.role.value,
        "responses": _responses(operation, schemas),
    }
    if parameters := list(_parameters(operation, schemas)):
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {
            "required": not declared.body_may_be_left_out,
            "content": {"application/json": {"schema": schemas[operation.name, "body"]}},
        }
    return described


def _description(operation: Operation) -> str:
    text = re.sub(r"\s*\n\s*", " ", (operation.handler.__doc__ or "").strip())
    return f"{text} Needs the role `{operation.declared.role}`.".strip()


def _parameters(
    operation: Operation, schemas: Mapping[tuple[str, str], Schema]
) -> Iterable[Schema]:
    for name in operation.parameters:
        schema = schemas[operation.name, name]
        if schema == {"type": "string"}:
            schema = {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if operation.query is not None:
        query = operation.query.model_json_schema(mode="validation", ref_template=_REF)
        for name, schema in query.get("properties", {}).items():
            required = name in query.get("required", [])
            yield {"name": name, "in": "query", "required": required, "schema": _flat(schema)}
    if operation.declared.needs_match:
        schema = {"type": "string", "description": "The ETag of what was read."}
        yield {"name": "If-Match", "in": "header", "required": True, "schema": schema}


def _flat(schema: Schema) -> Schema:
    """Drop the null of an optional parameter: one that is there is never null."""
    branches = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(branches) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**rest, **branches[0]}


def _responses(operation: Operation, schemas: Mapping[tuple[str, str], Schema]) -> Schema:
    declared = operation.declared
    good: Schema = {"description": declared.summary}
    if operation.answer is not None:
        schema = schemas[operation.name, "answer"]
        good["content"] = {declared.media: {"schema": schema}}
    else:
        kind = "One JSON object a line." if declared.media == NDJSON else "Events as they happen."
        good["content"] = {declared.media: {"schema": {"type": "string", "description": kind}}}
    if operation.has_etag:
        good["headers"] = {"ETag": {"required": True, "schema": {"type": "string"}}}
    responses: Schema = {"200": good}
    for status in sorted(_refusals(operation)):
        content: Schema = {"application/json": {"schema": schemas["", ""]}}
        if status == 400:  # of the server: what is no HTTP, or a line above 8 kB
            content["text/plain"] = {"schema": {"type": "string"}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": content}
    return responses


def _refusals(operation: Operation) -> set[int]:
    """Name the statuses of refusals that a route can answer."""
    found = {400, 401, 403, 422, 429, 503, *operation.declared.errors}
    if operation.parameters:
        found.add(404)
    if operation.body is not None:
        found.add(413)
    if operation.declared.needs_match:
        found |= {412, 428}
    return found

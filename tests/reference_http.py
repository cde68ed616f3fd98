"""The reference page of the HTTP API, made from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dataquarantine.api.assembly import Doorkeeper, WorkerApi
from dataquarantine.breaker.states import read_breaker
from dataquarantine.clock import SystemClock
from dataquarantine.schemas.feed import SchemaFeed
from dataquarantine.settings import Settings

Document = dict[str, Any]


def api_document() -> Document:
    """Make the document as a worker serves it; connects to nothing."""
    settings = Settings()
    pipelines = {pipeline.source: pipeline for pipeline in settings.pipelines}
    feed = SchemaFeed(settings, pipelines, SystemClock())
    api = WorkerApi(
        Doorkeeper(settings),
        feed.service,
        feed.catalog,
        tables={},
        owner=lambda name: None,
        breaker=lambda topic: read_breaker(topic, None),
        held=lambda topic: (),
    )
    return api.document


def http_page(document: Document) -> Iterator[str]:
    """Write the page."""
    yield "# HTTP API\n\nWritten by `make docs` from the code.\n"
    yield "Every worker answers below `/api/v1`; `/api/v1/openapi.json` is this page for programs."
    yield "Who asks sends `Authorization: Bearer TOKEN`; roles and what guards them are in"
    yield "[security](../concepts/security.md). A refusal is"
    yield '`{"error_code", "message", "details"}`, the code beginning with the status. A list is'
    yield '`{"items", "next"}`; `next` is the `cursor` of the following page, null at the end.'
    yield "Times are ISO 8601 in UTC; unknown numbers are null. Beside it, `/registry` answers as"
    yield "Confluent's schema registry does, and `/healthz`, `/readyz` and `/metrics` stand at the"
    yield "root.\n"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation(method, path, operation, document)


def _operation(method: str, path: str, operation: Document, document: Document) -> Iterator[str]:
    yield f"## {method.upper()} {path}\n"
    yield f"{operation['summary']}. {operation['description']}\n"
    rows = [*_parameters(operation, document), *_body(operation, document)]
    if rows:
        yield "| name | in | type | |\n|---|---|---|---|"
        yield from rows
        yield ""
    statuses = ", ".join(status for status in operation["responses"] if status != "200")
    [(media, good)] = operation["responses"]["200"]["content"].items()
    schema = good["schema"]
    shape = _resolved(schema, document)
    fields = ", ".join(f"`{name}`" for name in shape.get("properties", {}))
    about = _about(shape)
    yield f"Answers `{media}`{': ' + fields if fields else ''}.{' ' + about if about else ''}"
    yield f"Refusals: {statuses}.\n"


def _parameters(operation: Document, document: Document) -> Iterator[str]:
    for each in operation.get("parameters", []):
        needed = "needed" if each["required"] else ""
        yield f"| `{each['name']}` | {each['in']} | {_type(each['schema'], document)} | {needed} |"


def _body(operation: Document, document: Document) -> Iterator[str]:
    if "requestBody" not in operation:
        return
    schema = _resolved(operation["requestBody"]["content"]["application/json"]["schema"], document)
    for name, field in schema["properties"].items():
        needed = "needed" if name in schema.get("required", []) else ""
        yield f"| `{name}` | body | {_type(field, document)} | {needed} |"


def _resolved(schema: Document, document: Document) -> Document:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Document = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _about(schema: Document) -> str:
    return " ".join(str(schema.get("description", "")).split())


def _type(schema: Document, document: Document) -> str:
    """Say in a cell what a value may be."""
    schema = _resolved(schema, document)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    branches = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if branches:
        return ", ".join(_type(each, document) for each in branches)
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}), document)}"
    kind = str(schema.get("format") or schema.get("type") or "any")
    limits = [
        f"{text} {schema[name]}"
        for name, text in (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"))
        if name in schema
    ]
    default = f", default `{schema['default']}`" if schema.get("default") is not None else ""
    return " ".join([kind, *limits]) + default

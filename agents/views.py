"""The worker's web port: health, metrics and the paths of Confluent's schema registry."""

from __future__ import annotations

from typing import Any

from faust.web import View
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dataquarantine.api import tables
from dataquarantine.api.confluent import CONTENT_TYPE, ConfluentApi, Request, user_of
from dataquarantine.api.errors import ApiError
from dataquarantine.api.schemas import SchemasApi

from .app import app, gateway

registry_api = ConfluentApi(gateway.schemas.registry, gateway.schemas.propose)
schemas_api = SchemasApi(
    gateway.schemas.registry,
    gateway.schemas.propose,
    model_packages=gateway.settings.schemas.model_packages,
)


@app.page("/healthz")
async def healthz(web: Any, request: Any) -> Any:
    """Say that the process answers."""
    return web.json({"status": "ok"})


@app.page("/readyz")
async def readyz(web: Any, request: Any) -> Any:
    """Say whether partitions are assigned and the flow runs."""
    ready = not app.rebalancing and app.consumer.flow_active and bool(app.consumer.assignment())
    return web.json({"ready": ready}, status=200 if ready else 503)


@app.page("/metrics")
async def metrics(web: Any, request: Any) -> Any:
    """Give all metrics in Prometheus' text form."""
    return web.bytes(generate_latest(), content_type=CONTENT_TYPE_LATEST.split(";")[0])


@app.page("/api/v1/tables")
async def list_tables(web: Any, request: Any) -> Any:
    """Name the tables of this worker."""
    return web.json(tables.list_tables(app.tables))


@app.page("/api/v1/tables/{name}/{key:.+}")
async def look_up(web: Any, request: Any, name: str, key: str) -> Any:
    """Show the value that this worker's table holds for a key."""
    try:
        return web.json(tables.look_up(app.tables, name, key))
    except ApiError as exc:
        return web.json(exc.body(), status=exc.status)


@app.page("/registry{path:(/.*)?}")
class RegistryView(View):  # type: ignore[misc]  # untyped base
    """Answer as Confluent's schema registry does."""

    async def get(self, request: Any, path: str = "") -> Any:
        asked = await _request(request, "/registry", "a registry client")
        response = await registry_api.handle(asked)
        return self.bytes(response.body, content_type=CONTENT_TYPE, status=response.status)

    post = put = delete = get


@app.page("/api/v1/schemas{path:(/.*)?}")
class SchemasView(View):  # type: ignore[misc]  # untyped base
    """Show schemas, their states and histories; take proposals."""

    async def get(self, request: Any, path: str = "") -> Any:
        asked = await _request(request, "/api/v1", "an API client")
        response = await schemas_api.handle(asked)
        return self.bytes(response.body, content_type="application/json", status=response.status)

    post = get


async def _request(request: Any, mount: str, otherwise: str) -> Request:
    """Translate a web request; who asks is the user name of basic authentication."""
    url = request.rel_url
    return Request(
        request.method,
        url.raw_path.removeprefix(mount),
        dict(url.query),
        await request.read(),
        user_of(request.headers.get("Authorization"), otherwise),
    )

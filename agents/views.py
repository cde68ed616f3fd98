"""The worker's web port: health, metrics, our API and the paths of Confluent's schema registry."""

from __future__ import annotations

from typing import Any

from faust.web import View
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dataquarantine.api import http
from dataquarantine.api.assembly import WorkerApi
from dataquarantine.api.confluent import CONTENT_TYPE, ConfluentApi, Request, user_of
from dataquarantine.api.confluent.router import needed_role
from dataquarantine.api.service import MOUNT
from dataquarantine.api.static import Dashboard
from dataquarantine.api.trail import Trail
from dataquarantine.stream.readiness import obstacles

from .app import app, at_stop, door, gateway, settings
from .breaker import keeper
from .guard import add_headers, identity_of
from .streaming import answer


def owner_of(table: str) -> str | None:
    """Give the address of the worker that holds a table of one partition."""
    found: dict[str, Any] = app.router.table_metadata(table)
    return next((address for address, held in found.items() if any(held.values())), None)


dashboard_files = Dashboard()
registry_api = ConfluentApi(
    gateway.schemas.registry,
    gateway.schemas.propose,
    Trail(door.desk.database, door.desk.clock).note,
)
api = WorkerApi(
    door,
    gateway.schemas,
    gateway.catalog,
    tables=app.tables,
    owner=owner_of,
    breaker=keeper.breaker,
    held=lambda topic: sorted(gateway.gate.reasons(topic)),
)
at_stop.append(api.close)
app.web.web_app.on_response_prepare.append(add_headers(settings.web))


@app.page("/healthz")
async def healthz(web: Any, request: Any) -> Any:
    """Say that the process answers."""
    return web.json({"status": "ok"})


@app.page("/readyz")
async def readyz(web: Any, request: Any) -> Any:
    """Say whether this worker does its work, and if not, what it waits for."""
    found = obstacles(
        app.consumer,
        gateway.gate,
        gateway.dead_letter_topics,
        rebalancing=app.rebalancing,
        in_recovery=app.in_recovery,
    )
    return web.json({"ready": not found, "waits_for": found}, status=503 if found else 200)


@app.page("/metrics")
async def metrics(web: Any, request: Any) -> Any:
    """Give all metrics in Prometheus' text form."""
    return web.bytes(generate_latest(), content_type=CONTENT_TYPE_LATEST.split(";")[0])


@app.page("/registry{path:(/.*)?}")
class RegistryView(View):  # type: ignore[misc]  # untyped base
    """Answer as Confluent's schema registry does."""

    async def get(self, request: Any, path: str = "") -> Any:
        url, who = request.rel_url, identity_of(request)
        path = url.raw_path.removeprefix("/registry")
        who.check_role(needed_role(request.method, path))
        named = user_of(request.headers.get("Authorization"), "a registry client")
        asked = Request(
            request.method,
            path,
            dict(url.query),
            await request.read(),
            who.actor if who.has_token else named,
        )
        response = await registry_api.handle(asked)
        return self.bytes(response.body, content_type=CONTENT_TYPE, status=response.status)

    post = put = delete = get


@app.page(MOUNT + "{path:(/.*)?}")
class ApiView(View):  # type: ignore[misc]  # untyped base
    """Answer below `/api/v1`; see `dataquarantine.api.routes`."""

    async def get(self, request: Any, path: str = "") -> Any:
        url, who = request.rel_url, identity_of(request)
        if not who.has_token:
            who = who.called(user_of(request.headers.get("Authorization"), who.actor))
        asked = http.Request(
            request.method,
            url.raw_path.removeprefix(MOUNT),
            tuple(url.query.items()),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
            who,
        )
        return await answer(request, await api.handle(asked))

    head = post = put = patch = delete = options = get


@app.page("/{path:.*}")
async def dashboard(web: Any, request: Any, path: str = "") -> Any:
    """Serve the dashboard; whatever nothing else answers ends here."""
    found = await dashboard_files.answer(path, request.headers)
    return web.bytes(found.body, status=found.status, headers=dict(found.headers))

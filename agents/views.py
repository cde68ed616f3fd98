"""The worker's web port: health and metrics."""

from __future__ import annotations

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from .app import app


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

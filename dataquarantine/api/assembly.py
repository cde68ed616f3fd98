"""The API of a worker: its resources, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataquarantine.api.openapi import OpenApiDocument, describe
from dataquarantine.api.schemas import Schemas
from dataquarantine.api.service import MOUNT, Api
from dataquarantine.api.tables import TableViews
from dataquarantine.gateway import Gateway


def assemble(gateway: Gateway, tables: Mapping[str, Any]) -> Api:
    """Make the API of a worker.

    Args: tables: of Faust, by name.
    """
    document = OpenApiDocument()
    registry = gateway.schemas.registry
    packages = gateway.settings.schemas.model_packages
    api = Api(
        [
            document,
            Schemas(registry, gateway.schemas.propose, model_packages=packages),
            TableViews(tables),
        ]
    )
    document.document = describe(api.operations, MOUNT)
    return api

"""Which schema the sample events follow."""

from __future__ import annotations

from pathlib import Path

import dataquarantine
from dataquarantine.errors import ConfigError
from dataquarantine.schemas.catalog import FileCatalog, UnknownSchema, UnusableSchema
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.settings import Settings


def packaged_schemas() -> Path:
    """Find the schemas that come with the package."""
    package = Path(dataquarantine.__file__).parent
    installed = package / "sample_schemas"
    return installed if installed.exists() else package.parent / "schemas"


def sample_schema(settings: Settings, reference: str | None = None) -> SchemaDocument:
    """Find `name` or `name@version`; by default the first schema that has examples.

    Raises: ConfigError when there is none.
    """
    catalog = FileCatalog.from_settings(settings)
    catalog.refresh()
    if reference is None:
        documents = [listed.document for listed in catalog.versions() if listed.document.examples]
        if not documents:
            raise ConfigError(
                f"no schema in {settings.schemas.folder} has examples; add some, or one by --schema"
            )
        return documents[0]
    name, _, version = reference.partition("@")
    found = catalog.find(name, version or None)
    if isinstance(found, UnknownSchema):
        known = ", ".join(sorted({listed.document.reference for listed in catalog.versions()}))
        raise ConfigError(f"schema {reference} is unknown; there are: {known or 'none'}")
    if isinstance(found, UnusableSchema):
        raise ConfigError(f"schema {reference} can't be used: {found.problem}")
    return found.document

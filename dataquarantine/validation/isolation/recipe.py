"""How a child process makes the engine its parent has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dataquarantine.schemas.catalog import Catalog
from dataquarantine.schemas.files import ListedSchema
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.engine import Engine


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Schema versions that do not change."""

    listed: tuple[ListedSchema, ...]

    def read(self) -> Sequence[ListedSchema]:
        return self.listed


@dataclass(frozen=True, slots=True)
class EngineRecipe:
    """A picklable maker of engines; `schemas` is what `Catalog.versions()` gives."""

    schemas: tuple[ListedSchema, ...]
    pipeline: PipelineSettings
    model_packages: tuple[str, ...] = ()

    def __call__(self) -> Engine:
        return Engine(fixed_catalog(self.schemas, self.model_packages), self.pipeline)


def fixed_catalog(schemas: Sequence[ListedSchema], model_packages: Sequence[str] = ()) -> Catalog:
    """Make a catalog of versions that do not change."""
    catalog = Catalog([_Fixed(tuple(schemas))], model_packages=model_packages)
    catalog.refresh()
    return catalog

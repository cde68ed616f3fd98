"""Finding the compiled schema that a record asks for; no I/O and no wait per record."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import semver

from dataquarantine.errors import DataQuarantineError, InvalidSchema
from dataquarantine.schemas.files import ListedSchema, SchemaFiles
from dataquarantine.settings import Settings
from dataquarantine.validation.avro import parse_avro
from dataquarantine.validation.compiled import CompiledSchema, SchemaCompiler
from dataquarantine.validation.subschemas import refers_outside

logger = logging.getLogger(__name__)

MAX_MISSES = 10_000


@dataclass(frozen=True, slots=True)
class UnknownSchema:
    """Nobody registered that schema, or not in that version; says which versions there are."""

    name: str
    version: str | None
    known_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnusableSchema:
    """The schema is registered but can't be compiled."""

    name: str
    version: str
    problem: InvalidSchema


Found = CompiledSchema | UnknownSchema | UnusableSchema


class SchemaSource(Protocol):
    """Where schema versions come from: the folder, the registry's table."""

    def read(self) -> Sequence[ListedSchema]:
        """List every version that may judge records; may block."""


class SchemaCatalog(Protocol):
    """What the engine needs to find schemas."""

    def find(self, name: str, version: str | None) -> Found:
        """Look up a version, the latest enforced one for `None`; the name is well-formed."""

    def find_by_id(self, schema_id: int) -> Found | None:
        """Look up by the id of the Confluent wire format."""

    def find_by_fingerprint(self, fingerprint: bytes) -> Found | None:
        """Look up an Avro schema by its CRC-64-AVRO fingerprint, 8 bytes, little-endian."""


@dataclass(slots=True)
class _Listing:
    """One state of all sources, replaced as a whole."""

    by_name: Mapping[str, Mapping[str, ListedSchema]] = field(default_factory=dict)
    latest: Mapping[str, str] = field(default_factory=dict)
    by_id: Mapping[int, ListedSchema] = field(default_factory=dict)
    by_fingerprint: Mapping[bytes, ListedSchema] = field(default_factory=dict)
    compiled: dict[tuple[str, str], CompiledSchema | UnusableSchema] = field(default_factory=dict)
    misses: OrderedDict[tuple[str, str | None], UnknownSchema] = field(default_factory=OrderedDict)
    compiler: SchemaCompiler = field(default_factory=SchemaCompiler)


class Catalog:
    """Schemas of several sources; an earlier source hides a name from the later ones.

    Versions are compiled at their first use and kept. `refresh` may run in a thread: readers see
    the old listing until the new one is complete.
    """

    def __init__(
        self, sources: Sequence[SchemaSource], *, model_packages: Sequence[str] = ()
    ) -> None:
        self._sources = tuple(sources)
        self._model_packages = tuple(model_packages)
        self._listing = _Listing()

    def refresh(self) -> bool:
        """Read all sources; tell whether it worked. On failure the last good listing stays."""
        try:
            listed = [source.read() for source in self._sources]
        except (DataQuarantineError, OSError) as exc:
            logger.warning(
                "the schemas could not be read, the last good list stays: %s",
                exc,
                extra={"action": "schemas_unread"},
            )
            return False
        self._listing = _list(listed, self._listing, self._model_packages)
        return True

    def versions(self) -> tuple[ListedSchema, ...]:
        """Return everything that may judge records, by name and version."""
        by_name = self._listing.by_name
        return tuple(
            by_name[name][version]
            for name in sorted(by_name)
            for version in sorted(by_name[name], key=semver.Version.parse)
        )

    def find(self, name: str, version: str | None) -> Found:
        listing = self._listing
        wanted = version or listing.latest.get(name)
        if wanted is not None:
            found = listing.compiled.get((name, wanted))
            if found is not None:
                return found
            listed = listing.by_name.get(name, {}).get(wanted)
            if listed is not None:
                return _compile(listing, listed)
        return _miss(listing, name, version)

    def knows(self, name: str, version: str | None) -> bool:
        """Tell whether `find` would find something; compiles nothing."""
        listing = self._listing
        wanted = version or listing.latest.get(name)
        return wanted is not None and wanted in listing.by_name.get(name, {})

    def find_by_id(self, schema_id: int) -> Found | None:
        listed = self._listing.by_id.get(schema_id)
        return self.find(listed.document.name, listed.document.version) if listed else None

    def find_by_fingerprint(self, fingerprint: bytes) -> Found | None:
        listed = self._listing.by_fingerprint.get(fingerprint)
        return self.find(listed.document.name, listed.document.version) if listed else None


class FileCatalog(Catalog):
    """The schemas of the folder alone."""

    def __init__(self, files: SchemaFiles, *, model_packages: Sequence[str] = ()) -> None:
        super().__init__([files], model_packages=model_packages)
        self.files = files

    @classmethod
    def from_settings(cls, settings: Settings) -> FileCatalog:
        schemas = settings.schemas
        files = SchemaFiles(schemas.folder, ttl_s=schemas.ttl_s)
        return cls(files, model_packages=schemas.model_packages)


def _list(
    sources: Iterable[Sequence[ListedSchema]], before: _Listing, model_packages: Sequence[str]
) -> _Listing:
    by_name: dict[str, dict[str, ListedSchema]] = {}
    for source in sources:
        names: dict[str, dict[str, ListedSchema]] = {}
        for listed in source:
            names.setdefault(listed.document.name, {})[listed.document.version] = listed
        for name, versions in names.items():
            by_name.setdefault(name, versions)
    if by_name == before.by_name:
        return before
    everything = [listed for versions in by_name.values() for listed in versions.values()]
    return _Listing(
        by_name,
        {name: latest for name, versions in by_name.items() if (latest := _latest(versions))},
        {listed.schema_id: listed for listed in everything if listed.schema_id is not None},
        _by_fingerprint(everything),
        _still_compiled(by_name, before),
        compiler=SchemaCompiler(
            [listed.document for listed in everything], model_packages=model_packages
        ),
    )


def _still_compiled(
    by_name: Mapping[str, Mapping[str, ListedSchema]], before: _Listing
) -> dict[tuple[str, str], CompiledSchema | UnusableSchema]:
    """Keep what is compiled of versions that did not change and depend on no other."""
    return {
        (name, version): compiled
        for (name, version), compiled in list(before.compiled.items())  # the loop may add to it
        if (listed := by_name.get(name, {}).get(version)) is not None
        and listed == before.by_name[name][version]
        and listed.document.type == "json_schema"
        and not refers_outside(listed.document.definition)
    }


def _by_fingerprint(everything: Sequence[ListedSchema]) -> dict[bytes, ListedSchema]:
    """Index the Avro schemas; those that can't be used are named when a record asks for them."""
    found = {}
    for listed in everything:
        if listed.document.type == "avro":
            with suppress(InvalidSchema):
                found[parse_avro(listed.document.definition).fingerprint] = listed
    return found


def _latest(versions: Mapping[str, ListedSchema]) -> str | None:
    """Pick the highest enforced version; a pre-release only when there is nothing else."""
    enforced = [semver.Version.parse(v) for v, listed in versions.items() if listed.enforced]
    released = [version for version in enforced if not version.prerelease]
    return str(max(released or enforced)) if enforced else None


def _compile(listing: _Listing, listed: ListedSchema) -> CompiledSchema | UnusableSchema:
    document = listed.document
    compiled: CompiledSchema | UnusableSchema
    try:
        compiled = listing.compiler.compile(document)
    except InvalidSchema as problem:
        logger.error(
            "schema %s can't be used: %s",
            document.reference,
            problem,
            extra={"action": "schema_unusable"},
        )
        compiled = UnusableSchema(document.name, document.version, problem)
    listing.compiled[(document.name, document.version)] = compiled
    return compiled


def _miss(listing: _Listing, name: str, version: str | None) -> UnknownSchema:
    misses = listing.misses
    key = (name, version)
    missed = misses.get(key)
    if missed is None:
        known = sorted(listing.by_name.get(name, ()), key=semver.Version.parse)
        missed = misses[key] = UnknownSchema(name, version, tuple(known))
        if len(misses) > MAX_MISSES:
            misses.popitem(last=False)
    else:
        misses.move_to_end(key)
    return missed

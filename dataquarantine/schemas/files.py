"""Schema files in a folder: `<folder>/<name>/<version>.{yaml,yml,json}`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dataquarantine.clock import Clock, SystemClock
from dataquarantine.errors import ConfigError, InvalidSchema
from dataquarantine.schemas import text
from dataquarantine.schemas.documents import SchemaDocument

logger = logging.getLogger(__name__)

SUFFIXES = (".yaml", ".yml", ".json")
MAX_FILE_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class ListedSchema:
    """A version that may judge records; `enforced` ones compete for being the latest."""

    document: SchemaDocument
    enforced: bool = True
    schema_id: int | None = None


class SchemaFiles:
    """The folder as a source of schemas; a record's word never opens a file here.

    The folder is listed at most once in `ttl_s`. A file that can't be used is left out, or stays at
    its last good content, and is named in `problems`; it never stops the others.
    """

    def __init__(self, folder: Path, *, ttl_s: float = 300.0, clock: Clock | None = None) -> None:
        self.folder = folder
        self.problems: tuple[InvalidSchema, ...] = ()
        self._ttl_s = ttl_s
        self._clock = clock or SystemClock()
        self._read_at: float | None = None
        self._listed: tuple[ListedSchema, ...] = ()
        self._good: dict[Path, tuple[bytes, ListedSchema]] = {}

    def read(self) -> Sequence[ListedSchema]:
        """List what may judge records; blocks on the file system.

        Raises: ConfigError when the folder itself can't be listed.
        """
        now = self._clock.monotonic()
        if self._read_at is None or now - self._read_at >= self._ttl_s:
            self._listed = self._list()
            self._read_at = now
        return self._listed

    def _list(self) -> tuple[ListedSchema, ...]:
        good: dict[Path, tuple[bytes, ListedSchema]] = {}
        problems: list[InvalidSchema] = []
        for path in schema_paths(self.folder):
            before = self._good.get(path)
            try:
                content = _read_bytes(path)
                unchanged = before is not None and before[0] == content
                good[path] = before if before and unchanged else (content, _listed(path, content))
            except InvalidSchema as problem:
                problems.append(problem)
                if before is not None:
                    good[path] = before
        self._report(problems)
        self._good = good
        return tuple(listed for _, listed in good.values())

    def _report(self, problems: Sequence[InvalidSchema]) -> None:
        known = {str(problem) for problem in self.problems}
        for problem in problems:
            if str(problem) not in known:
                logger.warning(
                    "a schema file can't be used: %s",
                    problem,
                    extra={"action": "schema_file_unusable"},
                )
        self.problems = tuple(problems)


def load_schema_file(path: Path) -> SchemaDocument:
    """Read one schema file.

    Raises: InvalidSchema with file, line and remedy.
    """
    return _listed(path, _read_bytes(path)).document


def locate(path: Path, parts: Sequence[str | int]) -> str:
    """Say `file:line` of a place inside a schema file; only the file when it can't be told."""
    try:
        line = text.line_of(path.read_text("utf-8"), parts)
    except (OSError, ValueError):
        line = None
    return f"{path}:{line}" if line else str(path)


def schema_paths(folder: Path) -> list[Path]:
    """List the schema files of a folder.

    Raises: ConfigError when it can't be listed.
    """
    try:
        folders = sorted(entry for entry in folder.iterdir() if entry.is_dir())
        return [
            path
            for entry in folders
            if not entry.name.startswith(".")
            for path in sorted(entry.iterdir())
            if path.suffix in SUFFIXES and path.is_file()
        ]
    except OSError as exc:
        raise ConfigError(
            f"schema folder {folder} can't be listed ({exc.strerror}); "
            "name the right one by schemas.folder or DQ_SCHEMAS__FOLDER"
        ) from exc


def _read_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InvalidSchema(
                f"the file holds {size / 2**20:.1f} MB, more than {MAX_FILE_BYTES / 2**20:.0f} MB",
                where=str(path),
                remedy="split it into schemas that refer to each other by $id and $ref",
            )
        return path.read_bytes()
    except OSError as exc:
        raise InvalidSchema(
            f"can't be read ({exc.strerror})", where=str(path), remedy="mend its permissions"
        ) from exc


def _listed(path: Path, content: bytes) -> ListedSchema:
    values = _parse(path, content)
    if not isinstance(values, dict):
        raise InvalidSchema(
            "the file holds no mapping", where=str(path), remedy="write name, version and schema"
        )
    try:
        document = SchemaDocument.model_validate(values)
    except ValidationError as exc:
        raise _explain(path, content, exc) from exc
    if (document.name, document.version) != (path.parent.name, path.stem):
        raise InvalidSchema(
            f"the file says {document.reference}",
            where=str(path),
            remedy=f"move it to {document.name}/{document.version}{path.suffix} or correct it",
        )
    return ListedSchema(document)


def _parse(path: Path, content: bytes) -> Any:
    try:
        decoded = content.decode("utf-8")
        parse = text.parse_json if path.suffix == ".json" else text.parse_yaml
        return parse(decoded)
    except UnicodeDecodeError as exc:
        raise InvalidSchema(
            f"the file is not UTF-8 (byte {exc.start})", where=str(path), remedy="save it as UTF-8"
        ) from exc
    except text.UnreadableText as exc:
        where = f"{path}:{exc.line}" if exc.line else str(path)
        raise InvalidSchema(exc.problem, where=where, remedy=exc.remedy) from exc


def _explain(path: Path, content: bytes, exc: ValidationError) -> InvalidSchema:
    """Put the first problem of a document into one line."""
    error = exc.errors(include_url=False)[0]
    parts = error["loc"]
    line = text.line_of(content.decode("utf-8"), parts)
    problem = error["msg"].removeprefix("Value error, ")
    key = ".".join(str(part) for part in parts)
    if error["type"] == "extra_forbidden":
        problem = "unknown key"
    more = exc.error_count() - 1
    return InvalidSchema(
        f"{key}: {problem}" + (f" (and {more} more)" if more else ""),
        where=f"{path}:{line}" if line else str(path),
        remedy="see the schema file reference",
    )

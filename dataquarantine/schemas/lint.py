"""Checking schema files before anybody depends on them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataquarantine.errors import InvalidSchema
from dataquarantine.schemas.checks import Remark, examine
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import load_schema_file, locate, schema_paths


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a schema file; `where` is `file` or `file:line`.

    check: the name to skip it by. error: the registry refuses it; else it is advice.
    excerpt: the line of a rule, and below it a caret under the slip.
    """

    where: str
    problem: str
    check: str = "valid"
    error: bool = True
    excerpt: str = ""


def lint_paths(
    paths: Sequence[Path], *, skip: Iterable[str] = (), model_packages: Sequence[str] = ()
) -> list[Finding]:
    """Check schema files, or folders of them: read, compile, judge the examples, look for mistakes.

    Args: skip: names of checks to leave out (`checks.CHECK_NAMES`).
    Raises: ConfigError for a folder that can't be listed.
    """
    skipped = frozenset(skip)
    findings: list[Finding] = []
    documents: list[tuple[Path, SchemaDocument]] = []
    for file in itertools.chain.from_iterable(map(_files, paths)):
        try:
            documents.append((file, load_schema_file(file)))
        except InvalidSchema as problem:
            remedy = f"; {problem.remedy}" if problem.remedy else ""
            findings.append(Finding(problem.where or str(file), problem.problem + remedy))
    everything = [document for _, document in documents]
    for file, document in documents:
        remarks = examine(document, everything, skip=skipped, model_packages=model_packages)
        findings += [_finding(remark, file) for remark in remarks]
    return findings


def _finding(remark: Remark, file: Path) -> Finding:
    where = locate(file, remark.parts) if remark.parts else str(file)
    return Finding(where, remark.text, remark.check, remark.error, remark.excerpt)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else schema_paths(path)

"""The schema log as the commands use it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataquarantine.cli.context import current_settings, remark
from dataquarantine.errors import DataQuarantineError, SchemaNotFound

if TYPE_CHECKING:
    from dataquarantine.schemas.documents import SchemaDocument
    from dataquarantine.schemas.proposals import Answer, Proposal
    from dataquarantine.schemas.registry import Registry


def read_registry() -> Registry:
    """Read the registry from the schema log."""
    from dataquarantine.schemas.log import SchemaLog

    async def read() -> Registry:
        async with SchemaLog(current_settings()) as log:
            return log.registry

    return asyncio.run(read())


def reachable_registry() -> Registry | None:
    """Read the registry, or say on stderr why the files are shown instead."""
    from dataquarantine.schemas.log import SchemaLogUnavailable

    try:
        registry = read_registry()
    except SchemaLogUnavailable as exc:
        remark(f"schema files only: {exc}")
        return None
    if not registry.names:
        remark("schema files only: nothing is registered yet")
        return None
    return registry


def propose_all(proposals: Sequence[Proposal], timeout_s: float) -> list[Answer]:
    """Propose one after the other; stop waiting for all when one is not answered."""
    from dataquarantine.schemas.log import SchemaLog

    async def ask() -> list[Answer]:
        async with SchemaLog(current_settings()) as log:
            return [await log.propose(proposal, timeout_s=timeout_s) for proposal in proposals]

    try:
        return asyncio.run(ask())
    except TimeoutError as exc:
        raise DataQuarantineError(
            f"{exc}; start a worker (`dataquarantine worker`): the proposal is on the log and will "
            "be decided then"
        ) from exc


def find_document(word: str) -> SchemaDocument:
    """Find a document: a file, else a registered version, the enforced one without a version."""
    from dataquarantine.schemas.files import load_schema_file

    if Path(word).is_file():
        return load_schema_file(Path(word))
    name, _, version = word.partition("@")
    registry = read_registry()
    entry = registry.entry(name, version) if version else registry.enforced(name)
    if entry is None:
        raise SchemaNotFound(name, version or None)
    return entry.document


def siblings(file: Path, document: SchemaDocument) -> list[SchemaDocument]:
    """Read the other versions in the folder of a file, ascending."""
    from dataquarantine.schemas.files import SUFFIXES, load_schema_file
    from dataquarantine.schemas.plan import in_order

    others = [path for path in file.resolve().parent.iterdir() if path.suffix in SUFFIXES]
    found = [load_schema_file(path) for path in others if path.name != file.name]
    return in_order([d for d in found if d.name == document.name])


def answer_row(answer: Answer) -> dict[str, Any]:
    """Show an answer as one row."""
    result = "unchanged" if answer.existing else answer.state.value if answer.state else "refused"
    if not answer.accepted:
        result = f"refused ({answer.refusal}): {'; '.join(answer.reasons)}"
    return {
        "schema": f"{answer.name}@{answer.version}",
        "id": answer.id,
        "result": result,
        "accepted": answer.accepted,
        "refusal": answer.refusal and answer.refusal.value,
        "reasons": list(answer.reasons),
    }

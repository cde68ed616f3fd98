"""Looking at a version before it is registered: sound, compatible, rightly numbered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from dataquarantine.schemas.checks import Remark, examine
from dataquarantine.schemas.compatibility import Policy, check
from dataquarantine.schemas.documents import Compatibility, SchemaDocument
from dataquarantine.schemas.proposals import Refusal, Register
from dataquarantine.schemas.registry import Registry
from dataquarantine.schemas.states import State
from dataquarantine.schemas.versions import (
    FIRST_VERSION,
    Bump,
    check_bump,
    highest,
    next_version,
    predecessor,
    required_bump,
    version_key,
)
from dataquarantine.validation.compiled import identified


@dataclass(frozen=True, slots=True)
class Review:
    """What a review found. `document` is None when there is none to speak of."""

    document: SchemaDocument | None
    content: dict[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    problems: tuple[str, ...] = ()
    suggested_version: str = ""
    details: dict[str, Any] | None = None


@dataclass(frozen=True)
class ReviewTask:
    """All that a review needs, so that it can run in another process.

    earlier: versions that are not retired, ascending.
    """

    content: dict[str, Any]
    earlier: tuple[SchemaDocument, ...]
    others: tuple[SchemaDocument, ...]
    mode: Compatibility
    policy: Policy
    known: bool = False
    model_packages: tuple[str, ...] = ()

    def run(self) -> Review:
        """Do it. Cost: milliseconds for a usual schema, more for many transitive versions."""
        content = dict(self.content)
        bump: Bump | None = None
        if "version" not in content:
            content, bump = self._numbered(content)
        document, problem = parse_document(content)
        if document is None:
            return Review(None, problems=(problem,))
        content = canonical(document)
        if self.known:
            return Review(document, content)
        remarks = examine(
            document, [*self.others, *self.earlier], model_packages=self.model_packages
        )
        texts = tuple(f"{_where(r)}: {r.text}" for r in remarks if r.error)
        if texts:
            return Review(document, content, Refusal.INVALID_SCHEMA, texts)
        return self._compared(document, content, bump)

    def _numbered(self, content: dict[str, Any]) -> tuple[dict[str, Any], Bump | None]:
        """Give a version to a document without one."""
        latest = highest(document.version for document in self.earlier)
        if latest is None:
            return {**content, "version": FIRST_VERSION}, None
        document, _ = parse_document({**content, "version": FIRST_VERSION})
        if document is None:
            return {**content, "version": FIRST_VERSION}, None
        before = next(d for d in self.earlier if d.version == latest)
        bump, _ = required_bump(document, before, self.mode, self.policy, resources=self.resources)
        return {**content, "version": next_version(latest, bump)}, bump

    def _compared(
        self, document: SchemaDocument, content: dict[str, Any], bump: Bump | None
    ) -> Review:
        below = [d for d in self.earlier if version_key(d.version) < version_key(document.version)]
        report = check(document, below, self.mode, self.policy, resources=self.resources)
        details = {"mode": self.mode, **report.to_json()}
        if not report.compatible:
            problems = [f"{self.mode} ({self.policy}): {text}" for text in report.reasons()]
            if report.has_counter_example:
                shown = json.dumps(report.counter_example, ensure_ascii=False)
                problems.append(f"a record that shows it: {shown} ({report.counter_reason})")
            return Review(document, content, Refusal.INCOMPATIBLE, tuple(problems), details=details)
        before = predecessor(document.version, [d.version for d in below])
        if before is None or bump is not None:
            return Review(document, content, details=details)
        older = next(d for d in below if d.version == before)
        needed, reports = required_bump(
            document, older, self.mode, self.policy, resources=self.resources
        )
        why = [text for found in reports for text in found.reasons()]
        wrong = check_bump(document.version, before, needed, why)
        if wrong is not None:
            return Review(
                document, content, Refusal.WRONG_VERSION, (wrong.reason,), wrong.suggested, details
            )
        return Review(document, content, details=details)

    @property
    def resources(self) -> dict[str, Any]:
        """Definitions that a `$ref` may name by `$id`."""
        return dict(identified([*self.others, *self.earlier]))


def review_task(
    registry: Registry, proposal: Register, *, model_packages: Sequence[str] = ()
) -> ReviewTask:
    """Gather what a review of a proposal needs."""
    name = proposal.document.get("name")
    version = proposal.document.get("version")
    name = name if isinstance(name, str) else ""
    document, _ = parse_document({"version": FIRST_VERSION, **proposal.document})
    earlier = [e for e in registry.versions(name) if e.state is not State.RETIRED]
    return ReviewTask(
        proposal.document,
        tuple(e.document for e in earlier),
        tuple(_referred(registry, proposal.document, name)),
        registry.compatibility(name, document),
        registry.policy(name),
        known=isinstance(version, str) and registry.entry(name, version) is not None,
        model_packages=tuple(model_packages),
    )


def review(registry: Registry, proposal: Register) -> Review:
    """Review a proposal here and now; CPU only."""
    return review_task(registry, proposal).run()


def _referred(registry: Registry, content: Mapping[str, Any], name: str) -> list[SchemaDocument]:
    """Return the latest documents of other names, when the new one refers to anything outside."""
    if '"$ref": "http' not in json.dumps(content) and '"$ref": "urn' not in json.dumps(content):
        return []
    return [registry.versions(other)[-1].document for other in registry.names if other != name]


def parse_document(content: dict[str, Any]) -> tuple[SchemaDocument | None, str]:
    """Read a document, or say what is wrong with it."""
    try:
        return SchemaDocument.model_validate(content), ""
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return None, f"{where}: {first['msg'].removeprefix('Value error, ')}"


def canonical(document: SchemaDocument) -> dict[str, Any]:
    """Return a document as it is stored: what differs from the defaults, JSON values."""
    content: dict[str, Any] = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if "compatibility" in document.model_fields_set:
        content["compatibility"] = document.compatibility
    return content


def content_hash(document: SchemaDocument) -> str:
    """Hash all that a version is; equal means: the same version."""
    return _digest(canonical(document))


def schema_hash(kind: str, definition: Any, model: str | None = None) -> str:
    """Hash the schema itself; by it clients that send no version find theirs."""
    return _digest([kind, definition, model])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _where(remark: Remark) -> str:
    return "/" + "/".join(str(part) for part in remark.parts)

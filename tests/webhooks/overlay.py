"""Rules and remediation for two of GitHub's events, on top of their schemas."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dataquarantine.outcomes import JudgedChunk, ValidationOutcome
from dataquarantine.schemas.catalog import FileCatalog
from dataquarantine.schemas.files import SchemaFiles
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.engine import Engine
from tests.webhooks import corpus

RULED = corpus.CACHE / "schemas-ruled"
VERSION = "1.1.0"
NOTHING = "0" * 40

#: What GitHub has added to every repository since the payloads were recorded.
_REPOSITORY: list[dict[str, Any]] = [
    {"default": {"field": "repository.is_template", "value": False}},
    {"default": {"field": "repository.web_commit_signoff_required", "value": False}},
    {"default": {"field": "repository.topics", "value": []}},
    {"default": {"field": "repository.visibility", "value": "public"}},
    {"default": {"field": "repository.custom_properties", "value": {}}},
]
_REACTIONS = dict.fromkeys(
    ("+1", "-1", "confused", "eyes", "heart", "hooray", "laugh", "rocket", "total_count"), 0
)
OVERLAYS: dict[str, dict[str, Any]] = {
    "push": {
        "rules": [
            {"name": "full_ref", "expression": 'ref.startsWith("refs/")'},
            {
                "name": "created_from_nothing",
                "expression": f'created == (before == "{NOTHING}")',
                "error": "a created ref comes from nothing, any other from a commit",
            },
            {"name": "deleted_to_nothing", "expression": f'deleted == (after == "{NOTHING}")'},
            {
                "name": "head_is_a_commit",
                "expression": "commits.all(c, size(c.id) == 40) && size(commits) <= 2048",
            },
        ],
        "remediation": [*_REPOSITORY, {"lower": ["before", "after"]}],
    },
    "issues": {
        "rules": [
            {
                "name": "closed_has_a_time",
                "expression": "!has(issue.state) || issue.state != 'closed'"
                " || issue.closed_at != null",
            },
            {"name": "updated_after_created", "expression": "issue.updated_at >= issue.created_at"},
            {"name": "short_title", "expression": "size(issue.title) <= 80", "severity": "warn"},
        ],
        "remediation": [
            *_REPOSITORY,
            {"default": {"field": "issue.active_lock_reason", "value": None}},
            {"default": {"field": "issue.labels[].description", "value": None}},
            {
                "default": {
                    "field": "issue.reactions",
                    "value": {"url": "https://x.y", **_REACTIONS},
                }
            },
            {"trim": "issue.title"},
        ],
    },
}


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A payload that its schema accepts and one rule refuses."""

    rule: str
    payload: corpus.Payload


#: Rule -> what breaks it and no other.
_BREAKS: dict[str, dict[str, Callable[[Any], object]]] = {
    "push": {
        "full_ref": lambda d: d.update(ref="main"),
        "created_from_nothing": lambda d: d.update(created=not d["created"]),
        "deleted_to_nothing": lambda d: d.update(deleted=not d["deleted"]),
        "head_is_a_commit": lambda d: [c.update(id="abc") for c in d["commits"]],
    },
    "issues": {
        "closed_has_a_time": lambda d: _close(d["issue"], of=d["action"]),
        "updated_after_created": lambda d: d["issue"].update(updated_at="1999-01-01T00:00:00Z"),
        "short_title": lambda d: d["issue"].update(title="x" * 81),
    },
}


def _close(issue: dict[str, Any], *, of: str) -> None:
    if of not in ("opened", "reopened"):  # there the schema itself says that it is open
        issue.update(state="closed", closed_at=None)


def write_schemas() -> None:
    """Write the two schemas with their rules and remediation."""
    corpus.write_schemas()
    for event, overlay in OVERLAYS.items():
        before = json.loads((corpus.SCHEMAS / event / f"{corpus.VERSION}.json").read_text("utf-8"))
        folder = RULED / event
        folder.mkdir(parents=True, exist_ok=True)
        content = {**before, "version": VERSION, **overlay}
        (folder / f"{VERSION}.json").write_text(json.dumps(content), "utf-8")


def payloads() -> list[corpus.Payload]:
    """Return the recorded payloads of the two events."""
    return [payload for payload in corpus.examples() if payload.schema in OVERLAYS]


def judge(given: list[corpus.Payload]) -> JudgedChunk:
    """Judge payloads by the schemas with rules."""
    catalog = FileCatalog(SchemaFiles(RULED))
    catalog.refresh()
    return Engine(catalog, PipelineSettings()).judge([payload.record for payload in given])


def broken_rules() -> Iterator[BrokenRule]:
    """Break each rule once in every payload that offers it and is valid as it stands."""
    given = payloads()
    for payload, outcome in zip(given, judge(given).outcomes, strict=True):
        if not outcome.passed or outcome.remediated:
            continue
        for rule, break_ in _BREAKS[payload.schema].items():
            document = copy.deepcopy(payload.document)
            break_(document)
            if document != payload.document:
                yield BrokenRule(rule, corpus.Payload(payload.schema, document))


def tells(outcome: ValidationOutcome, rule: str) -> bool:
    """Tell whether a rule is among the violations of an outcome, and no other rule is."""
    return {violation.rule for violation in outcome.violations} == {rule}

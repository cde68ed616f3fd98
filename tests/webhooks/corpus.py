"""GitHub's webhook schemas and recorded payloads, as schema files and records of ours.

Two npm packages hold them (`make webhooks` fetches them, they are never committed):
`@octokit/webhooks-schemas` has a definition for each event, and one for each of its actions;
`@octokit/webhooks-examples` has recorded payloads by event.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from dataquarantine.dev.faults import Fault, faults
from dataquarantine.outcomes import JudgedChunk, ValidationOutcome
from dataquarantine.records import SourceRecord
from dataquarantine.schemas.catalog import FileCatalog
from dataquarantine.schemas.files import SchemaFiles
from dataquarantine.settings import PipelineSettings
from dataquarantine.validation.engine import Engine
from dataquarantine.validation.selection import HEADER

CACHE = Path(__file__).parents[2] / ".cache" / "webhooks"
SCHEMAS = CACHE / "schemas"
VERSION = "1.0.0"
KINDS = ("field removed", "type changed", "enum broken")


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload and the schema that judges it."""

    schema: str
    document: Any
    fault: Fault | None = None

    @property
    def record(self) -> SourceRecord:
        return SourceRecord(orjson.dumps(self.document), headers=[(HEADER, self.schema.encode())])

    def under_its_action(self) -> Payload:
        """Return the same payload with the schema of its action, if it has one."""
        action = f"{self.schema}.{self.document.get('action')}"
        return replace(self, schema=action) if action in _actions(self.schema) else self


def is_fetched() -> bool:
    """Tell whether the packages are at hand."""
    return (CACHE / "ready").exists()


def examples() -> list[Payload]:
    """Return every recorded payload with the schema of its event."""
    return [
        Payload(event["name"], document)
        for event in _load("webhooks-examples/api.github.com/index.json")
        for document in event["examples"]
    ]


def with_faults(*, seed: int = 1) -> list[Payload]:
    """Break each payload that its action's schema accepts, once in each way that it offers.

    Under the action's schema, not the event's: that one is a choice between actions, and a
    payload that breaks one of them may be meant as any other.
    """
    choose = random.Random(seed)
    broken = []
    for payload in _accepted_by_action():
        definition = _definition(_definitions_of(payload.schema))
        found = list(faults(definition, payload.document))
        for kind in KINDS:
            if of_kind := [fault for fault in found if fault.kind == kind]:
                fault = choose.choice(of_kind)
                broken.append(Payload(payload.schema, fault.break_(payload.document), fault))
    return broken


def write_schemas() -> None:
    """Write a schema file for each event and each action."""
    for event in _load("webhooks-examples/api.github.com/index.json"):
        for schema in (event["name"], *_actions(event["name"])):
            folder = SCHEMAS / schema
            folder.mkdir(parents=True, exist_ok=True)
            content = {
                "name": schema,
                "version": VERSION,
                "owner": "github",
                "schema": _definition(_definitions_of(schema)),
            }
            (folder / f"{VERSION}.json").write_text(json.dumps(content), "utf-8")


def judge(payloads: list[Payload]) -> JudgedChunk:
    """Judge payloads offline, with the worker's engine."""
    catalog = FileCatalog(SchemaFiles(SCHEMAS))
    catalog.refresh()
    return Engine(catalog, PipelineSettings()).judge([payload.record for payload in payloads])


def found(fault: Fault, outcome: ValidationOutcome) -> str:
    """Tell whether a fault is the `first` violation, a `listed` one or `absent`."""
    wanted = (fault.code, fault.field_path)
    reported = [(violation.code, violation.field_path) for violation in outcome.violations]
    if outcome.passed or wanted not in reported:
        return "absent"
    return "first" if reported[0] == wanted else "listed"


def _accepted_by_action() -> Iterator[Payload]:
    tries = [
        (index, Payload(action, payload.document))
        for index, payload in enumerate(examples())
        for action in _actions(payload.schema) or (payload.schema,)
    ]
    outcomes = judge([payload for _, payload in tries]).outcomes
    seen: set[int] = set()
    for (index, payload), outcome in zip(tries, outcomes, strict=True):
        if outcome.passed and index not in seen:
            seen.add(index)
            yield payload


def _actions(event: str) -> list[str]:
    """Name the schemas of an event's actions; none when it has only one form."""
    alternatives = _definitions()[_event(event)].get("oneOf", ())
    names = [each["$ref"].rpartition("/")[2] for each in alternatives if "$ref" in each]
    return [name.replace("$", ".") for name in names]


def _definitions_of(schema: str) -> str:
    """Name the definition of a schema: of an event, or of an action (`issues.opened`)."""
    return schema.replace(".", "$") if "." in schema else _event(schema)


def _event(event: str) -> str:
    name = f"{event}_event"
    return name if name in _definitions() else f"{event}$event"


def _definition(name: str) -> dict[str, Any]:
    """Make a schema of one definition with everything it refers to."""
    needed: dict[str, Any] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in needed:
            needed[each] = _definitions()[each]
            waiting.extend(_references(needed[each]))
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": needed,
        "allOf": [{"$ref": f"#/definitions/{name}"}],
    }


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


@cache
def _definitions() -> Mapping[str, Any]:
    definitions: Mapping[str, Any] = _load("webhooks-schemas/schema.json")["definitions"]
    return {name: _without_dialect(value) for name, value in definitions.items()}


def _without_dialect(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Drop `$schema`: it belongs to the root of a schema alone (draft-07 core, 7)."""
    return {key: value for key, value in definition.items() if key != "$schema"}


def _load(path: str) -> Any:
    return orjson.loads((CACHE / path).read_bytes())

"""Registered versions and their lives, as the commands and the HTTP paths show them."""

from __future__ import annotations

from typing import Any

from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.registry import Entry, Registry
from dataquarantine.schemas.reviews import canonical


def summary(entry: Entry) -> dict[str, Any]:
    """Describe a version without its schema."""
    return {
        "name": entry.name,
        "version": entry.version,
        "id": entry.id,
        "number": entry.number,
        "state": entry.state.value,
        "since": entry.since,
        **described(entry.document),
        "content_hash": entry.content_hash,
    }


def described(document: SchemaDocument) -> dict[str, Any]:
    """Say what a document says of itself, without the schema."""
    return {
        "type": document.type,
        "owner": document.owner,
        "key": document.key,
        "description": document.description,
        "compatibility": document.compatibility,
        "examples": len(document.examples),
        "counter_examples": len(document.counter_examples),
    }


def detail(registry: Registry, entry: Entry) -> dict[str, Any]:
    """Describe a version with its document, who registered it and what its shadow has shown."""
    made = entry.record
    found = {
        **summary(entry),
        "registered": {"at": made["at"], "by": made["by"], "why": made["why"]},
        "document": canonical(entry.document),
    }
    figures = registry.shadow_figures(entry.name, entry.version)
    if figures is not None:
        found |= {"sampling": entry.sampling, "shadow": figures.to_json()}
    return found


def life(registry: Registry, name: str) -> list[dict[str, Any]]:
    """List every change of a schema's versions, oldest first; empty when nobody knows it."""
    steps = [
        {
            "at": step["at"],
            "by": step["by"],
            "version": entry.version,
            "from": step["from"],
            "to": step["to"],
            "rollback": step.get("rollback", False),
            "why": step["why"],
            "effect": step.get("effect"),
        }
        for entry in registry.versions(name)
        for step in entry.history
    ]
    return sorted(steps, key=lambda step: str(step["at"]))

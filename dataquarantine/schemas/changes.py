"""What changes from one schema to another, seen from both sides."""

from __future__ import annotations

from typing import Any

from dataquarantine.schemas.compatibility import Policy, compare_documents
from dataquarantine.schemas.documents import SchemaDocument

_SHOWN = ("direction", "code", "pointer", "compatible", "decided_by", "message")


def both_ways(old: SchemaDocument, new: SchemaDocument, policy: Policy) -> list[dict[str, Any]]:
    """List every difference: for readers of the new one (BACKWARD), then of the old (FORWARD).

    Cost: CPU only, a few milliseconds for ten properties.
    """
    reports = (
        compare_documents(new, old, policy, "BACKWARD"),
        compare_documents(old, new, policy, "FORWARD"),
    )
    return [
        {name: difference[name] for name in _SHOWN}
        for report in reports
        for difference in report.to_json()["differences"]
    ]

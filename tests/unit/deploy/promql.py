"""What an expression reads."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser
from prometheus_client import REGISTRY

import dataquarantine.metrics  # noqa: F401  declares them


def metrics_of(expression: str) -> set[str]:
    """Parse an expression and name its metrics; Grafana's own variables stand for values.

    Raises: ValueError where it can't be parsed.
    """
    text = expression.replace("$__rate_interval", "5m").replace("$__range", "1h")
    return {name for name in _selectors(promql_parser.parse(text)) if name}


def _selectors(node: object) -> Iterator[str | None]:
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name
    parts = (getattr(node, name, None) for name in ("expr", "lhs", "rhs", "vector_selector"))
    for part in (*parts, *(getattr(node, "args", None) or ())):
        if part is not None:
            yield from _selectors(part)


def declared() -> set[str]:
    """Name every series that a worker can expose."""
    names: set[str] = set()
    for family in REGISTRY.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        names |= {family.name + suffix for suffix in suffixes.get(family.type, ("",))}
    return names

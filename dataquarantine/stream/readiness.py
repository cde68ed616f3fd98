"""Whether a worker does its work now, for probes and whoever sends it requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from dataquarantine.stream.gate import SPOOL_FULL, Gate


class Flow(Protocol):
    """What is asked of the consumer."""

    flow_active: bool

    def assignment(self) -> object: ...


def obstacles(
    flow: Flow, gate: Gate, dead_letters: Iterable[str], *, rebalancing: bool, in_recovery: bool
) -> list[str]:
    """Say what keeps a worker from working; nothing when it is ready.

    A store that is away is no obstacle while the spool takes its part; a closed breaker's source
    is none either: neither is mended by another pod.
    """
    found = {
        "partitions move between workers": rebalancing,
        "tables recover from their changelogs": in_recovery,
        "no partition is assigned": not flow.assignment(),
        "fetching has not begun": not flow.flow_active,
        "stores are away and the spool is full or can't be written": any(
            SPOOL_FULL in gate.reasons(topic) for topic in dead_letters
        ),
    }
    return [what for what, is_so in found.items() if is_so]

"""When a worker says that it is ready."""

from __future__ import annotations

import pytest

from dataquarantine.stream.gate import Allowance, Gate
from dataquarantine.stream.readiness import obstacles


class Flow:
    """A consumer with a partition, or without."""

    def __init__(self, active: bool = True, assigned: bool = True) -> None:
        self.flow_active = active
        self._assigned = assigned

    def assignment(self) -> set[str]:
        return {"raw-events/0"} if self._assigned else set()


def gate(**held: str) -> Gate:
    made = Gate([(["raw", "dlq"], Allowance(1, 1))])
    for topic, reason in held.items():
        made.hold(topic, reason)
    return made


@pytest.mark.parametrize(
    ("flow", "held", "state", "waits_for"),
    [
        pytest.param(Flow(), gate(), {}, "", id="works"),
        pytest.param(Flow(), gate(), {"rebalancing": True}, "partitions move", id="rebalance"),
        pytest.param(Flow(), gate(), {"in_recovery": True}, "tables recover", id="recovery"),
        pytest.param(Flow(assigned=False), gate(), {}, "no partition", id="nothing assigned"),
        pytest.param(Flow(active=False), gate(), {}, "fetching", id="flow stopped"),
        pytest.param(Flow(), gate(dlq="spool"), {}, "the spool is full", id="nowhere to store"),
        pytest.param(Flow(), gate(raw="breaker"), {}, "", id="an open breaker is no obstacle"),
    ],
)
def test_a_worker_is_ready_unless(
    flow: Flow, held: Gate, state: dict[str, bool], waits_for: str
) -> None:
    found = obstacles(flow, held, ["dlq"], **{"rebalancing": False, "in_recovery": False, **state})

    assert len(found) == bool(waits_for)
    assert waits_for in "".join(found)

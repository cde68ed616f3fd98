"""What is said of open records after a version was enforced."""

from __future__ import annotations

import shlex

import pytest

from dataquarantine.cli.replay import plan
from dataquarantine.cli.schema_healing import healed_by, tell
from dataquarantine.schemas.proposals import Answer
from dataquarantine.schemas.states import State

ENFORCED = Answer(
    proposal="p", accepted=True, at="", name="order", version="1.1.0", state=State.ENFORCED
)


def test_the_command_that_is_printed_can_be_called(capsys: pytest.CaptureFixture[str]) -> None:
    tell(ENFORCED, {"open_records": 1200, "would_pass": 1100})

    figures, command = capsys.readouterr().err.splitlines()
    assert figures == "1,100 of 1,200 open records would now pass"
    _, words = command.split(" replay plan ")
    called = plan.make_context("plan", shlex.split(words))
    assert (called.params["schema"], called.params["pin"]) == ("order", "order@1.1.0")
    assert called.params["on_failure"] == "skip"


def test_no_command_is_printed_when_nothing_would_pass(capsys: pytest.CaptureFixture[str]) -> None:
    tell(ENFORCED, {"open_records": 3, "would_pass": 0})

    assert capsys.readouterr().err == "0 of 3 open records would now pass\n"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"state": State.SHADOW}, id="shadow"),
        pytest.param({"accepted": False}, id="refused"),
    ],
)
def test_nothing_is_counted_when_nothing_is_enforced(change: dict[str, object]) -> None:
    assert healed_by(ENFORCED.model_copy(update=change)) is None

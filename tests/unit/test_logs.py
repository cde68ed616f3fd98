"""The same message is logged seldom."""

from __future__ import annotations

import logging

import pytest

from dataquarantine.logs import Seldom, quieten
from dataquarantine.testing import ManualClock


def test_a_repeated_message_is_held_back_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    logger = logging.getLogger("test_logs.repeated")
    logger.addFilter(Seldom(5, clock))

    for number in range(4):
        logger.warning("no connection to %d", number)
    logger.warning("another message")
    clock.advance(5)
    logger.warning("no connection to %d", 4)

    assert caplog.messages == [
        "no connection to 0",
        "another message",
        "no connection to 4 (and 3 times more)",
    ]


def test_all_loggers_of_a_package_are_quietened(caplog: pytest.LogCaptureFixture) -> None:
    child = logging.getLogger("test_logs_package.child")
    quieten("test_logs_package")

    child.warning("again")
    child.warning("again")

    assert caplog.messages == ["again"]

"""Property tests draw the same examples on every run; a slow machine fails none of them.

A broker of the tests lives for seconds: a quick compiler halves what it costs.
Side by side, the longest files begin first, so that nobody waits for the last of them; short tests
fill the end.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from dataquarantine.dev.kafka import JVM_OPTIONS

os.environ.setdefault(JVM_OPTIONS, "-XX:+UseSerialGC -XX:TieredStopAtLevel=1")
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")

#: Folders whose tests share a worker or a browser.
TOGETHER = ("tests/browser/", "tests/integration/worker/api/")
LONGEST = (
    "tests/integration/worker/test_replay.py",
    "tests/browser/",
    "tests/integration/cluster/",
    "tests/acceptance/",
    "tests/integration/worker/test_schemas.py",
    "tests/integration/worker/api/",
    "tests/integration/worker/test_flow.py",
    "tests/integration/store/test_worker_outages.py",
    "tests/integration/worker/test_broker_down.py",
    "tests/integration/worker/",
    "tests/integration/",
)


class LongestFirst(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """Gives a process one file, or one folder whose tests share something, at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return next(
            (folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0]
        )


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LongestFirst:
    return LongestFirst(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: rank(item.nodeid))


def rank(nodeid: str) -> int:
    """Say where in the order it begins; what is not named comes last."""
    return next((n for n, place in enumerate(LONGEST) if nodeid.startswith(place)), len(LONGEST))

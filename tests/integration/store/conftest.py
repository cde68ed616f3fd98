"""A sink over the stores of one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dataquarantine.quarantine.sink import QuarantineSink
from dataquarantine.store.objects import ObjectStore
from dataquarantine.store.postgres import Database
from dataquarantine.store.spool import Spool
from dataquarantine.testing import ManualClock
from tests.unit.quarantine.factories import CLUSTER


@pytest.fixture
def sink(objects: ObjectStore, database: Database, tmp_path: Path) -> Iterator[QuarantineSink]:
    spool = Spool.open(tmp_path / "spool", max_bytes=2**20)
    yield QuarantineSink(objects, database, spool, cluster_id=CLUSTER, clock=ManualClock())
    spool.close()

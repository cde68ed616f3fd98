"""Records that kill whoever judges them, met by real workers that are started again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.objects import EmbeddedObjects
from tests.integration.worker.conftest import stack_of
from tests.integration.worker.stack import Stack, Worker, until

MODEL = """
import ctypes
from pydantic import BaseModel, field_validator

class Event(BaseModel):
    deed: str

    @field_validator("deed")
    @classmethod
    def _do(cls, deed: str) -> str:
        if deed == "crash":
            ctypes.string_at(0)
        return deed
"""
MOST_RESTARTS = 3


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Settings with a schema whose model crashes natively on some records."""
    code, schemas = tmp_path / "code", tmp_path / "schemas" / "event"
    code.mkdir()
    schemas.mkdir(parents=True)
    (code / "deadly_models.py").write_text(MODEL)
    monkeypatch.setenv("PYTHONPATH", str(code))
    document = {"name": "event", "version": "1.0.0", "type": "pydantic"}
    document["model"] = "deadly_models:Event"
    (schemas / "1.0.0.yaml").write_text(yaml.safe_dump(document))
    return {
        "schemas": {"folder": str(schemas.parent), "model_packages": ["deadly_models"]},
        "data_dir": str(tmp_path / "data"),
    }


@pytest.fixture
def stack(
    tmp_path: Path, tansu: EmbeddedBroker, database_url: str, objects_server: EmbeddedObjects
) -> Iterator[Stack]:
    stack = stack_of(tmp_path, tansu.bootstrap_servers, False, database_url, objects_server)
    yield stack
    stack.stop()


def test_record_that_crashes_its_judge_is_quarantined_and_the_rest_flows(
    stack: Stack, deadly: dict[str, Any]
) -> None:
    stack.create_topics()
    deeds = ["read", "crash", "write", "crash", "go"]
    stack.produce([json.dumps({"_schema": "event", "deed": deed}).encode() for deed in deeds])

    deadly["schemas"]["topic"] = stack.schema_log
    restarts = supervise(stack, deadly, lambda: stack.committed(stack.source) == {0: 5})

    assert 1 <= restarts <= MOST_RESTARTS
    valid = stack.read(stack.valid, 3)
    assert [json.loads(m.value())["deed"] for m in valid] == ["read", "write", "go"]
    letters = stack.read(stack.dead_letter, 2)
    assert [dict(m.headers())["__dq.errors.code"] for m in letters] == [b"POISON", b"POISON"]
    assert [dict(m.headers())["__dq.errors.offset"] for m in letters] == [b"1", b"3"]


def supervise(stack: Stack, settings: dict[str, Any], done: Any) -> int:
    """Start a worker again whenever it dies, until the condition holds; count the restarts."""
    worker: Worker = stack.start_worker(wait=False, **settings)
    restarts = 0

    def progressed() -> bool:
        nonlocal worker, restarts
        if worker.process.poll() is not None:
            restarts += 1
            assert restarts <= MOST_RESTARTS, worker.log.read_text()[-3000:]
            worker = stack.start_worker(wait=False, **settings)
        return bool(done())

    until(progressed, 150, "all records are committed")
    return restarts

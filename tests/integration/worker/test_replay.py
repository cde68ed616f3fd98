"""From a renamed field to a resolved incident, on Apache Kafka with a real worker."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from dataquarantine.clock import SystemClock
from dataquarantine.quarantine.decisions import Signed
from dataquarantine.quarantine.desk import Desk
from dataquarantine.replay.privacy import MaskedPlace
from dataquarantine.replay.requests import NewReplay
from dataquarantine.replay.service import Replays
from dataquarantine.schemas.catalog import FileCatalog
from dataquarantine.settings import load_settings
from dataquarantine.validation.masking import mask_document
from tests.integration.worker.stack import Stack, until
from tests.integration.worker.test_audit import audit

OPERATOR = Signed("ann", "the field was renamed")
SCHEMA = """
name: signup
version: 1.0.0
type: json_schema
key: user
schema:
  type: object
  properties:
    user: {type: string}
    email: {type: string, x-pii: mask}
    plan: {enum: [free, paid]}
  required: [user, email, plan]
"""


def renamed(number: int) -> dict[str, Any]:
    value = {"_schema": "signup", "uid": f"u{number}", "email": f"u{number}@b.c", "plan": "free"}
    headers = [("client.id", b"shop"), ("__dq.replay.id", b"forged")]
    return {
        "value": json.dumps(value).encode(), "partition": number % 4,
        "key": f"k{number}".encode(), "headers": headers,
    }  # fmt: skip


class Operator:
    """Works on one gateway's stores as the API does, without the role to unmask."""

    def __init__(self, stack: Stack) -> None:
        settings = load_settings(stack.home / "worker-0.yaml", {})
        self.desk = Desk(settings)
        catalog = FileCatalog.from_settings(settings)
        catalog.refresh()
        self.catalog = catalog
        stores = self.desk
        self.replays = Replays(settings, stores.database, stores.payloads, catalog, SystemClock())

    def plan(self, **wanted: Any) -> dict[str, Any]:
        request = NewReplay.model_validate({"why": "renamed", **wanted})
        job_id = self.replays.create(request, OPERATOR, can_unmask=False)
        return self.wait(job_id, "planned", "done", "failed")

    def run(self, job_id: str, *states: str) -> dict[str, Any]:
        self.replays.tell(UUID(job_id), "run", OPERATOR)
        return self.wait(UUID(job_id), *(states or ("done",)))

    def wait(self, job_id: UUID, *states: str) -> dict[str, Any]:
        def stands() -> bool:
            return self.replays.jobs.view(job_id)["state"] in states

        until(stands, 240, f"the replay is {' or '.join(states)}")
        return self.replays.jobs.view(job_id)

    def incident(self) -> dict[str, Any]:
        [incident] = self.desk.incidents.page().items
        return incident


@pytest.fixture
def stack(kafka_stack: Stack) -> Iterator[Stack]:
    folder = kafka_stack.home / "schemas" / "signup"
    folder.mkdir(parents=True)
    (folder / "1.0.0.yaml").write_text(SCHEMA)
    kafka_stack.create_topics()
    kafka_stack.s3 = {**kafka_stack.s3, "layout": "auto"}  # test_replay_control has the other one
    start(kafka_stack)
    yield kafka_stack


def start(stack: Stack) -> None:
    schemas = {"folder": str(stack.home / "schemas"), "topic": stack.schema_log, "ttl_s": 1}
    stack.start_worker(schemas=schemas)


@pytest.fixture
def operator(stack: Stack) -> Iterator[Operator]:
    operator = Operator(stack)
    yield operator
    operator.desk.database.close()


def statuses(stack: Stack) -> Counter[str]:
    return Counter(row["status"] for row in stack.rows())


def test_one_edit_repairs_a_thousand_records(stack: Stack, operator: Operator) -> None:
    stack.produce([renamed(number) for number in range(1000)])
    rows = stack.wait_for_rows(1000)
    original = json.loads(renamed(0)["value"])
    [row] = [r for r in rows if (r["partition"], r["offset"]) == (0, 0)]
    definition = operator.catalog.find("signup", None).definition  # type: ignore[union-attr]
    shown = mask_document(original, definition)
    edited = {("user" if name == "uid" else name): value for name, value in shown.items()}

    example = operator.replays.example(row["id"], edited, can_unmask=False)
    assert example.recipe == [{"rename": {"from": "uid", "to": "user"}}]
    incident = operator.incident()
    planned = operator.plan(
        selection={"incident": incident["fingerprint"]},
        repair={"kind": "recipe", "steps": example.recipe},
    )
    assert (planned["state"], planned["counts"]["would_pass"]) == ("planned", 1000)
    assert planned["newer_valid_keys"] == 0
    assert "u0@b.c" not in json.dumps(planned["samples"])
    done = operator.run(planned["id"])

    assert done["counts"]["reprocessed"] == done["counts"]["selected"] == 1000
    assert statuses(stack) == {"reprocessed": 1000}
    assert operator.incident()["state"] == "resolved"
    messages = stack.read(stack.valid, 1000)
    assert {m.key() for m in messages} == {f"u{n}".encode() for n in range(1000)}
    assert all(dict(m.headers())["client.id"] == b"shop" for m in messages)
    assert {dict(m.headers())["__dq.replay.id"] for m in messages} == {planned["id"].encode()}
    code, document = audit(stack, "--deep")
    assert (code, document["findings"]) == (0, [])
    stack.produce([renamed(1000)])
    until(lambda: operator.incident()["state"] == "regressed", 60, "the incident is back")


@pytest.mark.timeout(600)
def test_a_killed_replay_is_counted_once_and_forwarded_once(
    stack: Stack, operator: Operator
) -> None:
    stack.produce([renamed(number) for number in range(10_000)])
    stack.wait_for_rows(10_000, timeout_s=180)
    planned = operator.plan(
        selection={"filters": {"code": "MISSING_FIELD"}},
        repair={"kind": "patch", "patch": [{"op": "move", "from": "/uid", "path": "/user"}]},
        rate_per_s=2000,
    )
    operator.replays.tell(UUID(planned["id"]), "run", OPERATOR)
    jobs, job_id = operator.replays.jobs, UUID(planned["id"])
    until(lambda: jobs.view(job_id)["counts"]["reprocessed"] > 1000, 240, "a part is through")

    stack.workers[0].kill()
    assert jobs.view(job_id)["counts"]["reprocessed"] < 10_000
    start(stack)
    done = operator.wait(job_id, "done")

    assert done["counts"]["reprocessed"] == 10_000
    assert statuses(stack) == {"reprocessed": 10_000}
    assert {row["attempt"] for row in stack.rows()} == {2}
    assert len(stack.read(stack.replays, 10_000)) == 10_000
    messages = stack.read(stack.valid, 10_000)
    assert len({m.key() for m in messages}) == 10_000
    assert audit(stack, "--deep")[0] == 0


def test_what_fails_again_stays_the_record_it_was(stack: Stack, operator: Operator) -> None:
    stack.produce([renamed(number) for number in range(4)])
    ids = [row["id"] for row in stack.wait_for_rows(4)]
    rename = {"kind": "recipe", "steps": [{"rename": {"from": "uid", "to": "user"}}]}
    with pytest.raises(MaskedPlace):
        operator.plan(
            selection={"ids": ids},
            repair={"kind": "patch", "patch": [{"op": "remove", "path": "/email"}]},
        )
    planned = operator.plan(selection={"ids": ids[:2]}, repair=rename, on_failure="skip")
    stricter = SCHEMA.replace("free, paid", "paid")
    (stack.home / "schemas" / "signup" / "1.0.0.yaml").write_text(stricter)
    until(lambda: is_stricter(stack), 60, "the worker judges by the stricter schema")

    failed = operator.run(planned["id"])

    assert failed["counts"]["failed_again"] == 2
    rows = {row["id"]: row for row in stack.rows()}
    again = [rows[i] for i in ids[:2]]
    assert {(r["status"], r["attempt"], r["code"]) for r in again} == {
        ("failed_again", 2, "ENUM_MISMATCH")
    }
    assert all(r["lineage_id"] == r["id"] for r in again)
    assert len(operator.desk.incidents.page().items) == 2
    given_up = operator.run(operator.plan(selection={"ids": ids[2:]}, on_failure="park")["id"])
    assert given_up["counts"]["parked"] == 2
    assert {row["status"] for row in stack.rows() if row["id"] in ids[2:]} == {"parked"}
    assert audit(stack, "--deep")[0] == 0


def test_a_candidate_is_tried_on_what_was_stored_and_on_what_passed(
    stack: Stack, operator: Operator
) -> None:
    free = {"_schema": "signup", "user": "u", "email": "a@b.c", "plan": "free"}
    paid = {**free, "plan": "paid"}
    stack.produce([json.dumps(value).encode() for value in (free, paid, paid)])
    stack.produce([renamed(number) for number in range(2)])
    stack.wait_for_rows(2)
    stack.read(stack.valid, 3)
    candidate = stack.home / "candidates" / "signup" / "2.0.0.yaml"
    candidate.parent.mkdir(parents=True)
    candidate.write_text(
        SCHEMA.replace("1.0.0", "2.0.0")
        .replace("required: [user,", "required: [")
        .replace("email: {type: string", "email: {type: string, maxLength: 5")
        .replace("user: {type: string}", "user: {type: string, minLength: 2}")
    )

    code, found = command(stack, "schema", "backtest", str(candidate))
    planned = operator.plan(selection={"filters": {"schema": "signup"}})
    _, shown = http(stack, "GET", f"/replays/{planned['id']}")
    status, tried = http(stack, "POST", "/schemas/signup/backtest", {"version": "1.0.0"})

    assert code == 1
    assert (found["newly_failing"], found["newly_passing"], found["judged"]) == (3, 0, 5)
    assert "a@b.c" not in json.dumps(found)
    assert shown["counts"] == planned["counts"]
    assert (status, tried["judged"], tried["unchanged"]) == (200, 5, 5)


def command(stack: Stack, *words: str) -> tuple[int, Any]:
    config = str(stack.home / "worker-0.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "dataquarantine", "--config", config, *words, "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def http(stack: Stack, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.workers[-1].port}/api/v1{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"}, method=method,
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.status, json.loads(answer.read())


def is_stricter(stack: Stack) -> bool:
    value = {"_schema": "signup", "user": "u", "email": "a@b.c", "plan": "free"}
    before = stack.count_rows()
    stack.produce([json.dumps(value).encode()])
    until(lambda: settled(stack), 30, "the probe is judged")
    return stack.count_rows() > before


def settled(stack: Stack) -> bool:
    ends = stack.ends(stack.source)
    letters = stack.ends(stack.dead_letter)
    return stack.committed(stack.source) == ends and stack.committed(stack.dead_letter) == letters

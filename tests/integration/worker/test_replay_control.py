"""Replays told what to do over HTTP: paused, cancelled, stopped, sent elsewhere. One worker."""

from __future__ import annotations

import getpass
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.dev.objects import EmbeddedObjects
from tests.integration.worker.conftest import stack_of
from tests.integration.worker.stack import Stack, until
from tests.integration.worker.test_replay import SCHEMA, command, http, renamed, start

RENAME = {"kind": "recipe", "steps": [{"rename": {"from": "uid", "to": "user"}}]}
#: Publishes two records in each half second, so that there is time to step in.
SLOWLY = {"rate_per_s": 4}


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_cluster: KafkaCluster,
    module_database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("control")
    servers = kafka_cluster.bootstrap_servers
    made = stack_of(home, servers, True, module_database_url, objects_server)
    for name in ("signup", "parcel"):
        (home / "schemas" / name).mkdir(parents=True)
        (home / "schemas" / name / "1.0.0.yaml").write_text(SCHEMA.replace("signup", name))
    made.create_topics()
    start(made)
    yield made
    made.stop()


def quarantined(stack: Stack, count: int, *worse: bytes) -> list[str]:
    """Have renamed records stored, and after them on their partition some that are worse."""
    before = {row["id"] for row in stack.rows()}
    stack.produce([{**renamed(number), "partition": 0} for number in range(count)])
    stack.produce(worse)
    until(lambda: len(stored(stack) - before) == count + len(worse), 60, "all are stored")
    return [row["id"] for row in stack.rows() if row["id"] not in before]


def stored(stack: Stack) -> set[str]:
    return {row["id"] for row in stack.rows() if row["status"] == "stored"}


def statuses(stack: Stack, ids: list[str]) -> Counter[str]:
    return Counter(row["status"] for row in stack.rows() if row["id"] in ids)


def begin(stack: Stack, ids: list[str], **wanted: Any) -> str:
    """Plan a replay and run it at once."""
    body = {"selection": {"ids": ids}, "repair": RENAME, "why": "renamed", "dry_run": False}
    status, job = http(stack, "POST", "/replays", {**body, **wanted})
    assert status == 200
    return str(job["id"])


def tell(stack: Stack, job_id: str, verb: str) -> str:
    return str(http(stack, "POST", f"/replays/{job_id}/{verb}", {"why": "asked"})[1]["state"])


def show(stack: Stack, job_id: str) -> Any:
    return http(stack, "GET", f"/replays/{job_id}")[1]


def wait(stack: Stack, job_id: str, state: str) -> Any:
    until(lambda: show(stack, job_id)["state"] == state, 60, f"the replay is {state}")
    return show(stack, job_id)


def settled(stack: Stack, job_id: str, *rest: str) -> Mapping[str, int]:
    """Wait until each record is either reprocessed or in a count of the rest."""

    def is_settled() -> bool:
        counts = show(stack, job_id)["counts"]
        return bool(sum(counts[name] for name in ("reprocessed", *rest)) == counts["selected"])

    until(is_settled, 60, "what was published has its verdict")
    counts: Mapping[str, int] = show(stack, job_id)["counts"]
    return counts


def at_rest(stack: Stack, job_id: str, ids: list[str]) -> Mapping[str, int]:
    """Wait until a paused replay has nothing under way; a claimed batch may go out after a pause.

    Counts call claimed items pending, so only the records' own states tell.
    """
    counts: dict[str, int] = {}

    def is_at_rest() -> bool:
        counts.update(show(stack, job_id)["counts"])
        wanted = {"reprocessed": counts["reprocessed"], "stored": counts["pending"]}
        return statuses(stack, ids) == wanted

    until(is_at_rest, 60, "what was claimed is published or given back")
    return counts


def under_way(stack: Stack, job_id: str) -> None:
    def is_under_way() -> bool:
        counts = show(stack, job_id)["counts"]
        return bool(counts["pending"] < counts["selected"])

    until(is_under_way, 60, "a part is published")


def test_a_paused_replay_publishes_nothing_until_it_is_resumed(stack: Stack) -> None:
    ids = quarantined(stack, 24)
    job_id = begin(stack, ids, **SLOWLY)
    under_way(stack, job_id)

    assert tell(stack, job_id, "pause") == "paused"
    held = at_rest(stack, job_id, ids)
    assert tell(stack, job_id, "resume") == "running"
    done = wait(stack, job_id, "done")

    assert 0 < held["pending"] < 24
    assert done["counts"]["reprocessed"] == 24


def test_a_cancelled_replay_leaves_the_rest_as_it_was(stack: Stack) -> None:
    ids = quarantined(stack, 24)
    job_id = begin(stack, ids, **SLOWLY)
    under_way(stack, job_id)

    assert tell(stack, job_id, "cancel") == "cancelled"
    counts = settled(stack, job_id, "skipped")

    assert 0 < counts["skipped"] < 24
    wanted = {"reprocessed": counts["reprocessed"], "stored": counts["skipped"]}
    until(lambda: statuses(stack, ids) == wanted, 30, "what was claimed is given back")
    _, left = http(stack, "GET", f"/replays/{job_id}/items?result=skipped&limit=1")
    assert left["items"][0]["reason"] == "the replay was cancelled"
    again = begin(stack, [row["id"] for row in stack.rows() if row["id"] in ids][-1:])
    assert wait(stack, again, "done")["counts"]["reprocessed"] == 1


def test_the_first_record_that_would_fail_stops_the_replay(stack: Stack) -> None:
    worse = renamed(9)["value"].replace(b"free", b"gold")
    ids = quarantined(stack, 2, worse)

    job_id = begin(stack, ids, on_failure="stop_on_error")
    failed = wait(stack, job_id, "failed")

    assert failed["error"]
    assert settled(stack, job_id, "pending")["pending"] == 1
    assert statuses(stack, ids) == {"reprocessed": 2, "stored": 1}
    assert tell(stack, job_id, "cancel") == "cancelled"
    assert show(stack, job_id)["counts"]["skipped"] == 1


def test_a_replay_goes_to_the_topic_it_names(stack: Stack) -> None:
    target = f"{stack.name}-repaired"
    admin = AdminClient({"bootstrap.servers": stack.bootstrap_servers})
    admin.create_topics([NewTopic(target, stack.partitions, 1)])[target].result(timeout=30)
    ids, passed = quarantined(stack, 3), stack.ends(stack.valid)

    job_id = begin(stack, ids, target=target)
    done = wait(stack, job_id, "done")

    assert done["counts"]["reprocessed"] == 3
    assert statuses(stack, ids) == {"reprocessed": 3}
    assert {m.key() for m in stack.read(target, 3)} == {b"k0", b"k1", b"k2"}
    assert stack.ends(stack.valid) == passed
    _, items = http(stack, "GET", f"/replays/{job_id}/items")
    assert all(each["coordinates"].startswith(f"{target}/") for each in items["items"])


def test_an_enforced_version_tells_what_it_heals(stack: Stack) -> None:
    mended = [
        renamed(n)["value"].replace(b"uid", b"user").replace(b"free", b"gold") for n in (1, 2)
    ]
    bad = [value.replace(b"signup", b"parcel") for value in (*mended, renamed(3)["value"])]
    ids = quarantined(stack, 0, *bad)
    file = stack.home / "candidates" / "parcel" / "1.1.0.yaml"
    file.parent.mkdir(parents=True)
    wider = SCHEMA.replace("signup", "parcel").replace("1.0.0", "1.1.0")
    file.write_text(wider.replace("free, paid", "free, paid, gold"))
    assert command(stack, "schema", "register", str(file))[0] == 0

    code, answer = command(stack, "schema", "state", "parcel@1.1.0", "enforced")

    assert (code, answer["healed"]) == (0, {"open_records": 3, "would_pass": 2})
    _, healed = http(stack, "GET", "/schemas/parcel/versions/1.1.0/healed")
    assert healed == answer["healed"]
    pinned = ("--pin", "parcel@1.1.0", "--on-failure", "skip", "--why", "enforced")
    code, planned = command(stack, "replay", "plan", "--schema", "parcel", *pinned)
    assert (code, planned["counts"]["would_pass"]) == (1, 2)
    tell(stack, planned["id"], "run")
    wait(stack, planned["id"], "done")
    assert statuses(stack, ids) == {"reprocessed": 2, "stored": 1}


def test_replay_commands_work_through_the_api(stack: Stack) -> None:
    ids = quarantined(stack, 2)
    there = ("--url", f"http://127.0.0.1:{stack.workers[0].port}")
    recipe = stack.home / "recipe.json"
    recipe.write_text(json.dumps(RENAME["steps"]))
    chosen = ("--id", ids[0], "--id", ids[1], "--recipe", str(recipe))

    code, planned = command(stack, "replay", "plan", *chosen, "--why", "renamed", *there)
    assert (code, planned["state"], planned["counts"]["would_pass"]) == (0, "planned", 2)
    assert planned["created_by"] != f"{getpass.getuser()} (cli)"
    assert command(stack, "replay", "run", planned["id"], "--why", "asked", *there)[0] == 0
    wait(stack, planned["id"], "done")
    _, shown = command(stack, "replay", "status", planned["id"], *there)
    _, listed = command(stack, "replay", "list", "--limit", "1", *there)
    code, found = command(stack, "schema", "backtest", "signup@1.0.0", *there)

    assert shown["counts"]["reprocessed"] == 2
    assert listed["items"][0]["id"] == planned["id"]
    assert (code, found["newly_failing"]) == (0, 0)
    refused = command(stack, "replay", "pause", planned["id"], "--why", "late", *there)
    assert refused[0] == 1
    assert "a done replay can't pause" in refused[1]

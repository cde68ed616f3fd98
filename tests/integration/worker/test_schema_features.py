"""What schema files ask for, through one real worker: masking, originals, fallbacks, bad files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.objects import EmbeddedObjects
from tests.bad_schemas import BAD_SCHEMAS, write_bad_schemas
from tests.integration.worker.conftest import stack_of
from tests.integration.worker.stack import Stack, until

#: What must never be seen in clear; made so that no other text holds it.
SECRETS = {
    "email": "zoe.quill@secret.example",
    "phone": "+49 151 55577788",
    "ssn": "078-05-1120",
    "note": "likes-aubergines",
    "who": "Zoe Quillington",
    "tag": "vip-aubergine",
}
PERSON: dict[str, Any] = {
    "name": "person",
    "version": "1.0.0",
    "schema": {
        "required": ["id"],
        "properties": {
            "id": {"type": "integer"},
            "email": {"type": "string", "format": "email", "maxLength": 5, "x-pii": "mask"},
            "phone": {"enum": ["none"], "x-pii": "hash"},
            "ssn": {"type": "integer", "x-pii": "drop"},
            "note": {"const": "", "x-pii": "mask"},
            "who": {
                "type": "object",
                "properties": {"name": {"type": "string", "pattern": "^[0-9]+$", "x-pii": "mask"}},
            },
            "tags": {"type": "array", "items": {"type": "integer", "x-pii": "mask"}},
        },
    },
    "rules": [
        {"name": "own_mail", "expression": "email.endsWith('@own.example') ? '' : email"},
        {"name": "dial", "expression": "int(phone) > 0"},
    ],
}
FIELDS = {
    "email": SECRETS["email"],
    "phone": SECRETS["phone"],
    "ssn": SECRETS["ssn"],
    "note": SECRETS["note"],
    "who": {"name": SECRETS["who"]},
    "tags": [SECRETS["tag"]],
}
#: The structure is right, so that the rules are asked.
RULED = {**PERSON, "name": "ruled"}
RULED["schema"] = {
    "properties": {
        "email": {"type": "string", "x-pii": "mask"},
        "phone": {"type": "string", "x-pii": "mask"},
    }
}
KEPT = {
    "name": "kept",
    "version": "1.0.0",
    "keep_original": True,
    "schema": {"properties": {"id": {"type": "string", "pattern": "^[a-z]+$"}}},
    "remediation": [{"trim": "id"}],
}
OLD = {"name": "order", "version": "1.0.0", "schema": {"required": ["id"]}}
NEW = {
    "name": "order",
    "version": "2.0.0",
    "fallback": ["1.0.0"],
    "schema": {"required": ["id", "at"]},
}


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    tansu: EmbeddedBroker,
    module_database_url: str,
    objects_server: EmbeddedObjects,
) -> Iterator[Stack]:
    """One worker whose folder holds good schemas and every bad one."""
    home = tmp_path_factory.mktemp("features")
    folder = home / "schemas"
    write_bad_schemas(folder)
    for document in (PERSON, RULED, KEPT, OLD, NEW):
        path = folder / str(document["name"]) / f"{document['version']}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document), "utf-8")
    stack = stack_of(home, tansu.bootstrap_servers, False, module_database_url, objects_server)
    for _ in range(4):
        stack.add_lane(provenance=True).create_topics()
    try:
        stack.start_worker(schemas={"folder": str(folder), "topic": stack.schema_log})
        yield stack
    finally:
        stack.stop()


def record(schema: str, **fields: Any) -> bytes:
    return json.dumps({"_schema": schema, **fields}).encode()


def test_personal_data_is_in_clear_only_in_the_dead_letter_and_its_object(stack: Stack) -> None:
    lane = stack.lanes[0]
    values = [record("person", **FIELDS), record("ruled", **FIELDS)]
    values += [record("nobody_knows", **FIELDS), b"no json: " + json.dumps(FIELDS).encode()]
    private = {"key": SECRETS["email"].encode(), "headers": [("who", SECRETS["who"].encode())]}
    lane.produce([{"value": value, **private} for value in values])

    letters = lane.read(lane.dead_letter, len(values))
    rows = lane.wait_for_rows(len(values))

    assert len({row["key"] for row in rows}) == 1
    codes = {v["code"] for letter in letters for v in json.loads(letter.value())["violations"]}
    assert {"WRONG_LENGTH", "ENUM_MISMATCH", "WRONG_TYPE", "CONST_MISMATCH"} <= codes
    assert {"PATTERN_MISMATCH", "MISSING_FIELD", "RULE_FAILED", "RULE_ERROR"} <= codes
    seen = {
        "headers": repr(
            [h for letter in letters for h in letter.headers() if h[0].startswith("__dq.")]
        ),
        "row": json.dumps(rows, default=str),
        "log": lane.workers[0].log.read_text(),
        "metrics": lane.workers[0].metrics(),
    }
    for letter in letters:
        envelope = json.loads(letter.value())
        for clear in ("original_message", "original_base64", "source_key", "source_headers"):
            del envelope[clear]
        seen[f"envelope {envelope['source_offset']}"] = json.dumps(envelope)
    leaks = [
        (place, field)
        for place, text in seen.items()
        for field, secret in SECRETS.items()
        if secret in text or json.dumps(secret)[1:-1] in text
    ]
    assert leaks == []
    assert all(SECRETS["email"] in str(letter.value()) for letter in letters)
    assert all(letter.key() == SECRETS["email"].encode() for letter in letters)
    until(lambda: all(row["status"] == "stored" for row in lane.rows()), 30, "stored rows")
    for row in lane.rows():
        assert SECRETS["email"].encode() in lane.object(row["storage_path"])


def test_the_original_of_a_remediated_record_is_kept(stack: Stack) -> None:
    lane = stack.lanes[1]
    came = b'{"_schema": "kept",  "id":" abc "}'
    lane.produce([came, record("kept", id="abc")])

    forwarded = lane.read(lane.valid, 2)

    [repaired] = [m for m in forwarded if "__dq.original" in dict(m.headers())]
    path = dict(repaired.headers())["__dq.original"].decode()
    assert json.loads(repaired.value())["id"] == "abc"
    assert path.startswith("originals/")
    assert f"/{lane.source}/0/0_" in path
    assert lane.object(path) == came
    assert lane.objects() == []


def test_a_record_of_an_earlier_version_is_forwarded_and_says_so(stack: Stack) -> None:
    lane = stack.lanes[2]
    lane.produce([record("order", id=1), record("order", id=2, at=3), record("order", at=3)])

    forwarded = lane.read(lane.valid, 2)
    [letter] = lane.read(lane.dead_letter, 1)

    versions = {json.loads(m.value())["id"]: dict(m.headers())["__dq.schema"] for m in forwarded}
    assert versions == {1: b"order@1.0.0", 2: b"order@2.0.0"}
    assert json.loads(letter.value())["schema_version"] == "2.0.0"


def test_a_worker_with_every_bad_schema_in_its_folder_judges_good_records(
    stack: Stack,
) -> None:
    lane = stack.lanes[3]
    bad = [name for name, schema in BAD_SCHEMAS.items() if schema.error]
    lane.produce([record(name, id=1) for name in bad] + [record("order", id=2, at=3)])

    assert [json.loads(m.value())["id"] for m in lane.read(lane.valid, 1)] == [2]
    letters = lane.read(lane.dead_letter, len(bad))

    types = {dict(letter.headers())["__dq.errors.type"] for letter in letters}
    assert types <= {b"schema_not_found", b"validator_error"}
    assert lane.workers[0].process.poll() is None

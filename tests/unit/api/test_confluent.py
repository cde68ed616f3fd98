from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.api.registry_at_hand import RegistryAtHand

V1 = {"type": "record", "name": "event", "fields": [{"name": "a", "type": "string"}]}
V2 = {**V1, "fields": [*V1["fields"], {"name": "b", "type": "int", "default": 0}]}
BROKEN = {**V1, "fields": [*V1["fields"], {"name": "c", "type": "int"}]}


def avro(schema: Any, **more: Any) -> dict[str, Any]:
    return {"schema": json.dumps(schema), **more}


def as_json(schema: Any, **more: Any) -> dict[str, Any]:
    return {"schema": json.dumps(schema), "schemaType": "JSON", **more}


@pytest.fixture
def at() -> RegistryAtHand:
    made = RegistryAtHand()
    assert made.call("POST", "/subjects/event-value/versions", avro(V1))[0] == 200
    return made


def test_registration_gives_an_id_and_counts_versions(at: RegistryAtHand) -> None:
    status, made = at.call("POST", "/subjects/event-value/versions", avro(V2))

    assert (status, made["id"], made["version"]) == (200, 2, 2)
    assert at.call("GET", "/subjects/event-value/versions") == (200, [1, 2])
    assert at.registry.entry("event-value", "1.1.0") is not None


def test_registering_again_writes_nothing(at: RegistryAtHand) -> None:
    before = dict(at.registry.rows())

    status, made = at.call("POST", "/subjects/event-value/versions", avro(V1))

    assert (status, made["id"]) == (200, 1)
    assert dict(at.registry.rows()) == before


def test_a_registered_schema_judges_at_once(at: RegistryAtHand) -> None:
    entry = at.registry.enforced("event-value")

    assert entry is not None and entry.number == 1


def test_unknown_metadata_and_rule_sets_are_kept(at: RegistryAtHand) -> None:
    extras = {
        "metadata": {"properties": {"owner": "team"}},
        "ruleSet": {"domainRules": [{"name": "r", "kind": "CONDITION", "expr": "true"}]},
        "somethingNew": [1],
    }
    at.call("POST", "/subjects/other/versions", avro(V1, **extras))

    status, found = at.call("GET", "/subjects/other/versions/latest")

    assert status == 200
    assert {key: found[key] for key in extras} == extras


def test_a_version_is_found_by_id_by_number_and_by_its_schema(at: RegistryAtHand) -> None:
    by_id = at.call("GET", "/schemas/ids/1")
    by_number = at.call("GET", "/subjects/event-value/versions/1")
    by_schema = at.call("POST", "/subjects/event-value", avro(V1))

    assert json.loads(by_id[1]["schema"]) == V1
    assert by_number == by_schema
    assert by_number[1]["subject"] == "event-value"
    assert "schemaType" not in by_number[1]
    assert at.call("GET", "/schemas/ids/1/versions") == (
        200, [{"subject": "event-value", "version": 1}],
    )  # fmt: skip
    assert at.call("GET", "/schemas/ids/1/subjects") == (200, ["event-value"])
    assert at.call("GET", "/subjects/event-value/versions/latest/schema") == (200, V1)


SUBJECT = "/subjects/event-value"
CHECK = "/compatibility/subjects/event-value/versions/latest"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/subjects/no/versions", None, 404, 40401),
        ("GET", "/subjects/no/versions/1", None, 404, 40401),
        ("GET", f"{SUBJECT}/versions/9", None, 404, 40402),
        ("GET", f"{SUBJECT}/versions/zero", None, 422, 42202),
        ("GET", f"{SUBJECT}/versions/0", None, 422, 42202),
        ("GET", "/schemas/ids/99", None, 404, 40403),
        ("GET", "/schemas/ids/x", None, 404, 40403),
        ("POST", SUBJECT, avro(V2), 404, 40403),
        ("POST", f"{SUBJECT}/versions", avro(BROKEN), 409, 409),
        ("POST", f"{SUBJECT}/versions", avro({"type": "nothing"}), 422, 42201),
        ("POST", f"{SUBJECT}/versions", {"schema": "not json"}, 422, 42201),
        ("POST", f"{SUBJECT}/versions", {"schema": ""}, 422, 42201),
        ("POST", f"{SUBJECT}/versions", avro(V1, schemaType="PROTOBUF"), 422, 42201),
        ("POST", f"{SUBJECT}/versions", b"{", 400, 400),
        ("POST", f"{SUBJECT}/versions", b"[]", 400, 400),
        ("POST", "/subjects/..%2Fetc/versions", avro(V1), 422, 42208),
        ("POST", f"{SUBJECT}/versions",
         avro(V1, references=[{"name": "x", "subject": "no", "version": 1}]), 422, 42201),
        ("POST", CHECK, {"schema": "not json"}, 422, 42201),
        ("POST", "/compatibility/subjects/no/versions/3", avro(V1), 404, 40401),
        ("PUT", "/config", {"compatibility": "SOMETIMES"}, 422, 42203),
        ("GET", "/config/event-value", None, 404, 40408),
        ("DELETE", "/config/event-value", None, 404, 40401),
        ("GET", "/mode/event-value", None, 404, 40409),
        ("PUT", "/mode", {"mode": "IMPORT"}, 422, 42205),
        ("PUT", "/mode", {"mode": "OTHER"}, 422, 42204),
        ("DELETE", f"{SUBJECT}/versions/1", None, 422, 42205),
        ("GET", "/nowhere", None, 404, 404),
        ("PATCH", "/subjects", None, 405, 405),
    ],
)  # fmt: skip
def test_errors_carry_their_codes(
    at: RegistryAtHand, method: str, path: str, body: Any, status: int, code: int
) -> None:
    answered, value = at.call(method, path, body)

    assert (answered, value["error_code"]) == (status, code)
    assert value["message"]


def test_a_timeout_is_said_as_such(at: RegistryAtHand) -> None:
    at.times_out = True

    assert at.call("POST", f"{SUBJECT}/versions", avro(V2))[1]["error_code"] == 50002


def test_compatibility_can_be_asked_without_registering(at: RegistryAtHand) -> None:
    assert at.call("POST", CHECK, avro(V2)) == (200, {"is_compatible": True})

    status, answer = at.call("POST", CHECK, avro(BROKEN), verbose="true")

    assert (status, answer["is_compatible"]) == (200, False)
    assert "READER_FIELD_MISSING_DEFAULT_VALUE" in answer["messages"][0]
    assert at.call("GET", f"{SUBJECT}/versions") == (200, [1])


def test_compatibility_of_an_unknown_subject_is_given(at: RegistryAtHand) -> None:
    path = "/compatibility/subjects/new/versions/latest"

    assert at.call("POST", path, avro(V1)) == (200, {"is_compatible": True})


def test_levels_are_set_globally_and_by_subject(at: RegistryAtHand) -> None:
    assert at.call("GET", "/config") == (200, {"compatibilityLevel": "BACKWARD"})
    assert at.call("PUT", "/config", {"compatibility": "full"}) == (200, {"compatibility": "FULL"})
    assert at.call("PUT", "/config/event-value", {"compatibility": "NONE"})[0] == 200
    assert at.call("GET", "/config/event-value") == (200, {"compatibilityLevel": "NONE"})
    assert at.call("GET", "/config/new", defaultToGlobal="true")[1]["compatibilityLevel"] == "FULL"
    assert at.call("POST", f"{SUBJECT}/versions", avro(BROKEN))[0] == 200
    assert at.call("DELETE", "/config/event-value") == (200, {"compatibilityLevel": "NONE"})
    assert at.call("GET", "/config/event-value")[0] == 404


def test_the_lenient_policy_can_be_set(at: RegistryAtHand) -> None:
    open_, wider = {"type": "object"}, {"type": "object", "properties": {"a": {"type": "string"}}}
    at.call("POST", "/subjects/open/versions", as_json(open_))
    refused = at.call("POST", "/subjects/open/versions", as_json(wider))
    at.call("PUT", "/config/open", {"compatibilityPolicy": "LENIENT"})

    accepted = at.call("POST", "/subjects/open/versions", as_json(wider))

    assert (refused[0], accepted[0]) == (409, 200)
    assert accepted[1]["schemaType"] == "JSON"


def test_a_read_only_registry_takes_nothing_new(at: RegistryAtHand) -> None:
    at.call("PUT", "/mode", {"mode": "READONLY"})

    assert at.call("GET", "/mode") == (200, {"mode": "READONLY"})
    assert at.call("POST", f"{SUBJECT}/versions", avro(V2))[1]["error_code"] == 42205
    assert at.call("POST", f"{SUBJECT}/versions", avro(V1))[0] == 200


def test_referenced_schemas_are_copied_in(at: RegistryAtHand) -> None:
    using = {**V1, "name": "order", "fields": [{"name": "e", "type": "event"}]}
    reference = {"name": "event", "subject": "event-value", "version": 1}

    status, made = at.call("POST", "/subjects/order/versions", avro(using, references=[reference]))

    assert status == 200
    assert json.loads(made["schema"]) == using
    assert made["references"] == [reference]
    entry = at.registry.entry("order", "1.0.0")
    assert entry is not None and entry.document.definition["fields"][0]["type"] == V1
    assert at.call("GET", "/subjects/event-value/versions/1/referencedby") == (200, [entry.id])


def test_json_references_are_copied_in(at: RegistryAtHand) -> None:
    address = {"type": "object", "properties": {"street": {"type": "string"}}}
    at.call("POST", "/subjects/address/versions", as_json(address))
    using = {"type": "object", "properties": {"home": {"$ref": "address.json"}}}
    reference = {"name": "address.json", "subject": "address", "version": 1}

    status, _ = at.call("POST", "/subjects/person/versions", as_json(using, references=[reference]))

    entry = at.registry.entry("person", "1.0.0")
    assert status == 200
    assert entry is not None
    assert entry.document.definition["properties"]["home"]["$ref"].startswith("#/$defs/")


def test_lists_are_paged_and_filtered(at: RegistryAtHand) -> None:
    for name in ("a", "b", "other"):
        at.call("POST", f"/subjects/{name}/versions", avro(V1))

    assert at.call("GET", "/subjects")[1] == ["a", "b", "event-value", "other"]
    assert at.call("GET", "/subjects", offset="1", limit="2")[1] == ["b", "event-value"]
    assert at.call("GET", "/subjects", subjectPrefix="o")[1] == ["other"]
    assert [s["subject"] for s in at.call("GET", "/schemas", latestOnly="true")[1]] == [
        "a", "b", "event-value", "other",
    ]  # fmt: skip
    assert at.call("GET", "/schemas/types") == (200, ["JSON", "AVRO"])


def test_a_changed_level_is_noted_with_who_and_what_it_was(at: RegistryAtHand) -> None:
    at.call("PUT", "/config/event-value", {"compatibility": "NONE"})

    [(subject, who, action, before, after)] = at.notes
    assert (subject, who, action) == ("schema/event-value", "ann", "set_schema_config")
    assert (before["compatibility"], after["compatibility"]) == (None, "NONE")

"""The commands through the API, and judging without a pipeline."""

from __future__ import annotations

from typing import Any

from tests.integration.worker.api.client import GOOD, Client
from tests.integration.worker.stack import Stack


def test_a_payload_is_judged_and_a_schema_inferred(client: Client) -> None:
    wrong = {"payload": {"user_id": 1}}

    judged = client.ask("POST", "/api/v1/schemas/user_event/validate", wrong, who="viewer").json
    right = client.ask("POST", "/api/v1/schemas/user_event/validate", {"payload": GOOD}).json
    found = client.ask("POST", "/api/v1/schemas/infer", {"records": [{"a": 1}]}, who="viewer").json

    assert judged["result"] == "INVALID"
    assert {each["code"] for each in judged["violations"]} == {"MISSING_FIELD", "WRONG_TYPE"}
    assert right["result"] == "VALID"
    assert found["document"]["schema"]["required"] == ["a"]


def test_a_schema_of_the_folder_is_shown_though_nobody_registered_it(client: Client) -> None:
    listed = client.get("/unregistered-schemas", who="viewer")["items"]
    [version] = [each["version"] for each in listed if each["name"] == "user_event"]
    shown = client.get(f"/unregistered-schemas/user_event/versions/{version}", who="viewer")
    missing = client.ask("GET", "/api/v1/unregistered-schemas/user_event/versions/9.9.9")

    assert shown["document"]["schema"]["required"]
    assert (shown["type"], missing.status) == ("json_schema", 404)


def test_the_commands_do_the_same_through_the_api(client: Client, stack: Stack) -> None:
    environ = {"DQ_URL": f"http://127.0.0.1:{client.worker.port}"}
    record = client.one(code="MISSING_FIELD", status="stored")

    def dq(who: str, *arguments: str) -> tuple[int, Any]:
        return stack.dq(*arguments, "--json", environ={**environ, "DQ_TOKEN": client.tokens[who]})

    assert (
        dq("viewer", "quarantine", "list", "--limit", "1")[1]["items"][0]["topic"] == stack.source
    )
    assert dq("viewer", "quarantine", "discard", record, "--reason", "x")[0] == 1
    assert dq("operator", "quarantine", "discard", record, "--reason", "x")[0] == 0
    assert client.get(f"/quarantine/{record}")["status"] == "discarded"
    assert dq("viewer", "breaker", "status")[1]["items"][0]["state"] == "closed"
    assert dq("operator", "token", "list")[0] == 1

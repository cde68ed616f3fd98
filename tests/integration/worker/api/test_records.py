"""Records and incidents over HTTP."""

from __future__ import annotations

import json

from tests.integration.worker.api.client import SECRET, Client


def test_records_are_listed_filtered_and_counted(client: Client) -> None:
    first = client.get("/quarantine?limit=20", who="viewer")
    rest = client.get(f"/quarantine?limit=20&cursor={first['next']}", who="viewer")
    counts = client.get("/quarantine/counts?by=code", who="viewer")["items"]

    assert len({row["id"] for row in first["items"] + rest["items"]}) == 40
    assert rest["next"] is None
    assert [(each["value"], each["count"]) for each in counts] == [
        ("MISSING_FIELD", 20),
        ("NOT_JSON", 10),
        ("SCHEMA_UNKNOWN", 10),
    ]
    assert len(client.get("/quarantine?code=NOT_JSON")["items"]) == 10
    assert len(client.get("/quarantine?q=required")["items"]) == 20
    assert client.get("/quarantine?key=key&limit=1")["items"][0]["key"] != "key"  # a pseudonym


def test_two_reviewers_never_overwrite_each_other(client: Client) -> None:
    path = f"/api/v1/quarantine/{client.one(code='MISSING_FIELD', status='stored')}"
    read = client.ask("GET", path, who="operator")
    change = {"status": "in_review", "why": "looking"}

    first = client.ask("PATCH", path, change, who="operator", If_Match=read.headers["etag"])
    second = client.ask("PATCH", path, change, who="admin", If_Match=read.headers["etag"])

    assert (first.status, first.json["status"]) == (200, "in_review")
    assert first.json["history"][0] | {"at": ""} == {
        "at": "",
        "actor": "operator",
        "action": "in_review",
        "reason": "looking",
        "details": {"before": "stored"},
    }
    assert (second.status, second.json["error_code"]) == (412, 41201)
    assert client.ask("PATCH", path, change, who="operator").status == 428
    again = client.ask("PATCH", path, change, who="operator", If_Match=first.headers["etag"])
    assert (again.status, again.json["error_code"]) == (409, 40904)


def test_personal_data_is_masked_unless_a_role_asks_and_says_why(client: Client) -> None:
    record = client.one(error_type="schema_not_found")
    path = f"/api/v1/quarantine/{record}/payload"

    masked = client.ask("GET", path, who="operator")
    headers = client.get(f"/quarantine/{record}")["headers"]
    refused = client.ask("GET", f"{path}?unmasked=1&why=curious", who="operator")
    unexplained = client.ask("GET", f"{path}?unmasked=1")
    shown = client.ask("GET", f"{path}?unmasked=1&why=support%20case%207")

    assert SECRET not in masked.body.decode() + json.dumps(headers)
    assert (refused.status, refused.json["error_code"]) == (403, 40302)
    assert unexplained.status == 422
    assert shown.json["payload"]["email"] == SECRET
    [entry] = client.get(f"/audit/log?subject=record/{record}&action=unmask")["items"]
    assert (entry["actor"], entry["reason"]) == ("admin", "support case 7")


def test_an_incident_is_resolved_and_exported(client: Client) -> None:
    page = client.get("/incidents?state=open", who="viewer")
    fingerprint = next(e["fingerprint"] for e in page["items"] if e["code"] == "NOT_JSON")
    path = f"/api/v1/incidents/{fingerprint}"

    read = client.ask("GET", path, who="viewer")
    lines = client.ask("GET", f"{path}/export", who="viewer").body.decode().splitlines()
    moved = client.ask(
        "POST",
        f"{path}/state",
        {"state": "resolved", "why": "fixed"},
        who="operator",
        If_Match=read.headers["etag"],
    )

    assert (read.json["open_records"], sum(read.json["trend"])) == (10, 10)
    assert len(lines) == 10 and SECRET not in "".join(lines)
    assert json.loads(lines[0])["payload"] == "xxx xxxx xx xxxx.xxx@xxxxxxx.xxx"
    assert (moved.status, moved.json["state"]) == (200, "resolved")


def test_records_are_discarded_by_filter(client: Client) -> None:
    chosen = {"filters": {"code": "NOT_JSON"}, "why": "test data"}

    assert client.ask("POST", "/api/v1/quarantine/discard", chosen, who="viewer").status == 403
    answer = client.ask("POST", "/api/v1/quarantine/discard", chosen, who="operator")

    assert answer.json == {"changed": 10}
    counts = client.get("/quarantine/counts?by=status&code=NOT_JSON")["items"]
    assert counts == [{"value": "discarded", "count": 10}]
    nothing = client.ask("POST", "/api/v1/quarantine/discard", {"filters": {}, "why": "x"})
    assert nothing.status == 422

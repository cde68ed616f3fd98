"""What the overview shows."""

from __future__ import annotations

import json

from tests.integration.worker.api.client import Client
from tests.integration.worker.stack import until


def test_the_figures_are_of_the_cluster(client: Client) -> None:
    until(lambda: client.get("/overview")["totals"]["seen"] == 50, 30, "the ledger's figures")
    figures = client.get("/overview", who="viewer")

    assert (figures["totals"]["valid"], figures["totals"]["invalid"]) == (10, 30)
    assert figures["totals"]["error"] == 10
    assert figures["success_share"] == 0.2
    assert {each["error_type"]: each["count"] for each in figures["error_types"]} == {
        "schema_violation": 20,
        "malformed_payload": 10,
        "schema_not_found": 10,
    }
    assert {each["state"] for each in figures["breakers"]} == {"closed"}
    until(lambda: _lags(client) == [0, 0, 0, 0], 30, "no lag")
    topics = {each["kind"]: each for each in client.get("/topics")["items"]}
    assert topics["source"]["partitions"][0]["end"] > 0
    assert topics["valid"]["partitions"][0]["lag"] is None


def _lags(client: Client) -> list[int | None]:
    return [each["lag"] for each in client.get("/overview")["partitions"]]


def test_one_producer_feeds_all_who_follow_live(client: Client) -> None:
    with client.following("viewer") as first, client.following("admin") as second:
        streams = (first, second)
        events = [next(stream) for stream in streams]

        assert len(events[0]) < 32 * 1024
        assert json.loads(events[0])["totals"]["seen"] == 50
        while events[0] != events[1]:  # they meet at one and the same event
            older = min((0, 1), key=lambda at: json.loads(events[at])["as_of"])
            events[older] = next(streams[older])


def test_the_audit_proves_over_http(client: Client) -> None:
    verdict = client.get("/audit", who="viewer")

    assert (verdict["clean"], verdict["totals"]["seen"]) == (True, 50)

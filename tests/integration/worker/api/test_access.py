"""Who is let in, and what goes out to whom."""

from __future__ import annotations

import pytest

from tests.integration.worker.api.client import Client
from tests.integration.worker.stack import until


def test_everybody_learns_what_they_may(client: Client) -> None:
    assert client.get("/me", who="viewer")["can"] == ["read"]
    assert client.get("/me", who="operator")["can"] == ["read", "write"]
    assert client.get("/me") == {
        "actor": "admin",
        "role": "admin",
        "can": ["read", "write", "unmask", "tokens"],
        "auth_required": True,
    }


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/healthz", 200, id="health"),
        pytest.param("/readyz", 200, id="readiness"),
        pytest.param("/metrics", 401, id="metrics"),
        pytest.param("/api/v1/me", 401, id="me"),
        pytest.param("/api/v1/nothing", 401, id="nothing"),
        pytest.param("/api/v1/openapi.json", 401, id="document"),
        pytest.param("/registry/subjects", 401, id="registry"),
        pytest.param("/router", 404, id="Faust's router"),
        pytest.param("/table", 404, id="Faust's tables"),
    ],
)
def test_without_a_token_there_is_only_health(client: Client, path: str, status: int) -> None:
    assert client.ask("GET", path, who=None).status == status


def test_answers_carry_security_headers(client: Client) -> None:
    for answer in (client.ask("GET", "/api/v1/me"), client.ask("GET", "/metrics", who=None)):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["server"] == "DataQuarantine"


def test_a_revoked_token_ends_soon_and_its_stream_too(client: Client) -> None:
    made = client.ask("POST", "/api/v1/tokens", {"name": "guest", "role": "viewer"})
    client.tokens["guest"] = made.json["token"]
    until(lambda: client.ask("GET", "/api/v1/me", who="guest").status == 200, 10, "let in")

    with client.following("guest") as stream:
        next(stream)
        assert client.ask("DELETE", "/api/v1/tokens/guest", who="operator").status == 403
        assert client.ask("DELETE", "/api/v1/tokens/guest").status == 200

        until(lambda: client.ask("GET", "/api/v1/me", who="guest").status == 401, 10, "refused")
        assert len(list(stream)) < 20
    assert made.json["token"] not in client.worker.log.read_text()

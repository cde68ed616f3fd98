"""What an attacker tries on the web port of a real worker."""

from __future__ import annotations

import json
import socket

import pytest

from tests.integration.worker.api.client import Client

FORGED = "[ERROR] the gateway was taken over"


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/schemas/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/schemas/user_event/versions/..%2f..%2fetc%2fpasswd",
        "/api/v1/tables/schemas/../../../../etc/passwd",
        "/api/v1/tables/..%2f..%2fetc/passwd",
        "/api/v1/incidents/%2e%2e%2f%2e%2e%2fetc%2fpasswd/export",
        "/registry/subjects/..%2f..%2fetc%2fpasswd/versions",
        "/registry/subjects/%2fetc%2fpasswd/versions/1/schema",
    ],
)
def test_a_path_never_leads_to_a_file(client: Client, path: str) -> None:
    answer = client.ask("GET", path)

    assert 400 <= answer.status < 500
    assert b"root:" not in answer.body


def test_line_breaks_make_no_header_and_no_line_of_the_log(client: Client) -> None:
    breaks = f"x%0d%0aX-Evil:%201%0d%0a{_quoted(FORGED)}"

    for path in (f"/api/v1/schemas/{breaks}", f"/api/v1/{breaks}", f"/registry/subjects/{breaks}"):
        assert "x-evil" not in client.ask("GET", path).headers
    why = {"filters": {"code": "NOTHING"}, "why": f"x\n{FORGED}"}
    assert client.ask("POST", "/api/v1/quarantine/discard", why).status == 200
    assert client.ask("GET", "/api/v1/me", who=f"\t{FORGED}").status == 401

    assert FORGED not in client.worker.log.read_text()


def test_a_request_that_smuggles_headers_is_no_request(client: Client) -> None:
    token = client.tokens["admin"]
    raw = (
        "GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {token}\r\nX-A: b\rX-Evil: 1\r\nConnection: close\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", client.worker.port), timeout=10) as link:
        link.sendall(raw.encode())
        answer = link.recv(65536)

    assert b" 400 " in answer.partition(b"\r\n")[0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Host": "evil.example"}, 403, id="another name of this machine"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="a page of another site"),
        pytest.param({"Content_Type": "text/plain"}, 403, id="as a form sends it"),
        pytest.param({"Content_Length": "99999999"}, 413, id="a huge body"),
    ],
)
def test_writes_that_a_browser_could_be_made_to_send(
    client: Client, headers: dict[str, str], status: int
) -> None:
    body = b"" if status == 413 else json.dumps({"ids": [], "why": "x"}).encode()

    answer = client.ask("POST", "/api/v1/quarantine/discard", body, **headers)

    assert (answer.status, str(answer.json["error_code"])[:3]) == (status, str(status))


def test_tokens_and_payloads_stand_in_no_log(client: Client) -> None:
    log = client.worker.log.read_text()

    assert not any(token in log for token in client.tokens.values())
    assert "jane.doe" not in log


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())

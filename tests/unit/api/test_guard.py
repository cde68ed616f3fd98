"""Without tokens the web port serves this machine, and no page of another site."""

from __future__ import annotations

import pytest

from dataquarantine.api.guard import check_exposure, refusal
from dataquarantine.errors import ConfigError

JSON = {"Content-Type": "application/json", "Content-Length": "2"}


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [
        pytest.param("GET", {"Host": "localhost:6066"}, False, id="read"),
        pytest.param("GET", {"Host": "127.0.0.1"}, False, id="read by address"),
        pytest.param("GET", {"Host": "[::1]:6066"}, False, id="read by IPv6 address"),
        pytest.param("GET", {"Host": "evil.example:6066"}, True, id="name that leads here"),
        pytest.param("GET", {}, True, id="no host"),
        pytest.param("POST", {"Host": "localhost:1", **JSON}, False, id="write"),
        pytest.param(
            "POST",
            {"Host": "localhost:1", "Origin": "http://localhost:1", **JSON},
            False,
            id="write from our own page",
        ),
        pytest.param(
            "POST",
            {"Host": "localhost:1", "Origin": "http://evil.example", **JSON},
            True,
            id="write from another page",
        ),
        pytest.param(
            "POST",
            {"Host": "localhost:1", "Origin": "http://localhost:2", **JSON},
            True,
            id="write from another port",
        ),
        pytest.param(
            "POST",
            {"Host": "localhost:1", "Origin": "null", **JSON},
            True,
            id="write from a sandboxed page",
        ),
        pytest.param(
            "POST",
            {"Host": "localhost:1", "Content-Type": "text/plain", "Content-Length": "2"},
            True,
            id="write as a form could send it",
        ),
        pytest.param("DELETE", {"Host": "localhost:1"}, False, id="write without a body"),
        pytest.param(
            "POST",
            {
                "Host": "localhost:1",
                "Content-Type": "application/vnd.schemaregistry.v1+json; charset=utf-8",
                "Content-Length": "2",
            },
            False,
            id="write of a registry client",
        ),
    ],
)
def test_requests_to_a_local_port(method: str, headers: dict[str, str], refused: bool) -> None:
    assert (refusal(method, headers, local_only=True) is not None) is refused


def test_an_exposed_port_takes_any_host_name() -> None:
    assert refusal("GET", {"Host": "gateway.internal"}, local_only=False) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.5"])
def test_loopback_needs_no_word(host: str) -> None:
    check_exposure(host, unauthenticated=False, has_tokens=lambda: False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "gateway.internal", ""])
def test_other_addresses_need_a_word(host: str) -> None:
    with pytest.raises(ConfigError, match=r"web\.unauthenticated"):
        check_exposure(host, unauthenticated=False, has_tokens=lambda: False)

    check_exposure(host, unauthenticated=True, has_tokens=lambda: False)
    check_exposure(host, unauthenticated=False, has_tokens=lambda: True)
    check_exposure(host, unauthenticated=False, has_tokens=lambda: None)

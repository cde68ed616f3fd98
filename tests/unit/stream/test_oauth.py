"""Tokens for OAUTHBEARER."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dataquarantine.errors import ConfigError
from dataquarantine.settings import load_settings
from dataquarantine.stream.kafka_client import client_options
from dataquarantine.stream.oauth import token_provider

calls: list[int] = []


def from_a_function() -> tuple[str, float]:
    """What a settings file may name; expires at once."""
    calls.append(1)
    return f"token-{len(calls)}", time.time() * 1000


class IdentityProvider(BaseHTTPRequestHandler):
    """Gives numbered tokens for an hour to whoever knows the secret."""

    asked: list[tuple[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((self.headers["Authorization"], body))
        answer = {"access_token": f"given-{len(self.asked)}", "expires_in": 3600}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def provider() -> Iterator[HTTPServer]:
    IdentityProvider.asked = []
    server = HTTPServer(("127.0.0.1", 0), IdentityProvider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


async def test_client_credentials_are_asked_for_once(provider: HTTPServer) -> None:
    environ = {
        "DQ_KAFKA__SASL_MECHANISM": "OAUTHBEARER",
        "DQ_KAFKA__SASL_USERNAME": "gateway",
        "DQ_KAFKA__SASL_PASSWORD": "s3cret",
        "DQ_KAFKA__SASL_OAUTH_SCOPE": "kafka",
        "DQ_KAFKA__SASL_OAUTH_TOKEN_URL": f"http://127.0.0.1:{provider.server_port}/token",
    }
    tokens = client_options(load_settings(environ=environ).kafka)["sasl_oauth_token_provider"]

    found = [await tokens.token(), await tokens.token()]

    assert found == ["given-1", "given-1"]
    form = "grant_type=client_credentials&scope=kafka"
    assert IdentityProvider.asked == [("Basic Z2F0ZXdheTpzM2NyZXQ=", form)]


async def test_a_function_of_ones_own_is_asked_again_when_its_token_expires() -> None:
    calls.clear()
    environ = {
        "DQ_KAFKA__SASL_MECHANISM": "OAUTHBEARER",
        "DQ_KAFKA__SASL_OAUTH_PROVIDER": f"{__name__}:from_a_function",
    }
    tokens = token_provider(load_settings(environ=environ).kafka)

    assert [await tokens.token(), await tokens.token()] == ["token-1", "token-2"]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        pytest.param({"DQ_KAFKA__SASL_MECHANISM": "OAUTHBEARER"}, "exactly one", id="no source"),
        pytest.param(
            {"DQ_KAFKA__SASL_MECHANISM": "OAUTHBEARER", "DQ_KAFKA__SASL_OAUTH_PROVIDER": "no:x"},
            "can't be imported",
            id="no such module",
        ),
    ],
)
def test_settings_that_give_no_token_are_refused(environ: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        token_provider(load_settings(environ=environ).kafka)

"""Tokens for SASL/OAUTHBEARER: from an identity provider, or from a function that you name."""

from __future__ import annotations

import asyncio
import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from importlib import import_module
from typing import Any

from aiokafka.abc import AbstractTokenProvider

from dataquarantine.errors import ConfigError
from dataquarantine.settings import KafkaSettings

#: A token is asked for again when it has less than that left.
RENEW_BEFORE_S = 60.0
DEFAULT_LIFE_S = 300.0
TIMEOUT_S = 10.0

#: Gives a token and the time (as `time.time()`) at which it expires.
Source = Callable[[], tuple[str, float]]


class Tokens(AbstractTokenProvider):  # type: ignore[misc]  # untyped base
    """Keeps a token until shortly before it expires."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._token = ""
        self._expires = 0.0

    async def token(self) -> str:
        """Give a token that is valid for a while; a new one is fetched in a thread."""
        if time.time() > self._expires - RENEW_BEFORE_S:
            self._token, self._expires = await asyncio.to_thread(self._source)
        return self._token


def token_provider(kafka: KafkaSettings) -> Tokens:
    """Make what the settings name.

    Raises: ConfigError when `sasl_oauth_provider` can't be imported.
    """
    if kafka.sasl_oauth_provider is not None:
        return Tokens(_function(kafka.sasl_oauth_provider))
    return Tokens(lambda: _client_credentials(kafka))


def _function(reference: str) -> Source:
    module_name, _, name = reference.partition(":")
    try:
        function: Callable[[], Any] = getattr(import_module(module_name), name)
    except (ImportError, AttributeError, ValueError) as exc:
        raise ConfigError(
            f"kafka.sasl_oauth_provider = {reference!r} can't be imported ({exc}); "
            "expected package.module:function"
        ) from exc

    def source() -> tuple[str, float]:
        found = function()
        if isinstance(found, str):
            return found, time.time() + DEFAULT_LIFE_S
        token, expires_ms = found
        return token, expires_ms / 1000

    return source


def _client_credentials(kafka: KafkaSettings) -> tuple[str, float]:
    """Ask the identity provider. Source: RFC 6749, 4.4.

    Raises: OSError; aiokafka tries again.
    """
    secret = kafka.sasl_password.get_secret_value() if kafka.sasl_password else ""
    pair = ":".join(urllib.parse.quote(each) for each in (kafka.sasl_username or "", secret))
    form = {"grant_type": "client_credentials"}
    if kafka.sasl_oauth_scope is not None:
        form["scope"] = kafka.sasl_oauth_scope
    request = urllib.request.Request(
        str(kafka.sasl_oauth_token_url),
        data=urllib.parse.urlencode(form).encode(),
        headers={"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"},
    )
    asked_at = time.time()
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        answer = json.load(response)
    return answer["access_token"], asked_at + float(answer.get("expires_in", DEFAULT_LIFE_S))

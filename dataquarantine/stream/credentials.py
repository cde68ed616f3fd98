"""The credentials of the settings, in Faust's form."""

from __future__ import annotations

from typing import Any

import faust
from faust.auth import OAuthCredentials

from dataquarantine.settings import KafkaSettings
from dataquarantine.stream.kafka_client import tls_context
from dataquarantine.stream.oauth import token_provider


def faust_credentials(kafka: KafkaSettings) -> Any:
    """Give the credentials; None for PLAINTEXT."""
    if kafka.sasl_mechanism == "OAUTHBEARER":
        return OAuthCredentials(oauth_cb=token_provider(kafka), ssl_context=tls_context(kafka))
    if kafka.sasl_mechanism is not None:
        password = kafka.sasl_password
        return faust.SASLCredentials(
            username=kafka.sasl_username,
            password=password.get_secret_value() if password else None,
            mechanism=kafka.sasl_mechanism,
            ssl_context=tls_context(kafka),
        )
    context = tls_context(kafka)
    return faust.SSLCredentials(context) if context is not None else None

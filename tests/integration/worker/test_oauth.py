"""A worker on a cluster that lets nobody in without a token: the how-to "Move to MSK with IAM"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.service import free_port
from tests.integration.conftest import CACHE, require_kafka
from tests.integration.worker.conftest import stack_of
from tests.integration.worker.stack import Stack

pytestmark = pytest.mark.kafka

GOOD = (
    b'{"_schema":"user_event","user_id":"USER123456","event_type":"view",'
    b'"timestamp":"2025-12-27T16:00:00Z"}'
)
#: As a signer's: a token and when it expires, in ms. Unsigned, which Kafka takes for trials.
TOKENS = """
import base64
import json
import time


def token():
    now = time.time()
    claims = {"sub": "gateway", "iat": now, "exp": now + 90}
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""]), 1000 * (now + 90)
"""
LOGIN = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[KafkaCluster, str]]:
    """A broker, and its address at which it asks for tokens."""
    require_kafka()
    cluster = KafkaCluster(tmp_path / "kafka", cache=CACHE)
    address = f"127.0.0.1:{free_port()}"
    listeners = f"PLAINTEXT://{cluster.bootstrap_servers},TOKENS://{address}"
    controller = f"CONTROLLER://127.0.0.1:{cluster.controller_ports[0]}"
    cluster.options |= {
        "listeners": f"{listeners},{controller}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": (
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TOKENS:SASL_PLAINTEXT"
        ),
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.name.tokens.sasl.enabled.mechanisms": "OAUTHBEARER",
        "listener.name.tokens.oauthbearer.sasl.jaas.config": (
            f'{LOGIN} unsecuredLoginStringClaim_sub="broker";'
        ),
    }
    cluster.start()
    yield cluster, address
    cluster.stop()


@pytest.fixture
def stack(
    tmp_path: Path,
    guarded: tuple[KafkaCluster, str],
    database_url: str,
    objects_server: EmbeddedObjects,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stack]:
    (tmp_path / "cloud_tokens.py").write_text(TOKENS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    cluster, address = guarded
    stack = stack_of(tmp_path, cluster.bootstrap_servers, True, database_url, objects_server)
    stack.kafka = {
        "bootstrap_servers": address,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_provider": "cloud_tokens:token",
    }
    yield stack
    stack.stop()


def test_a_worker_with_tokens_judges_and_stores(stack: Stack) -> None:
    stack.delivery = "exactly_once"  # with all producers that there are
    stack.create_topics()
    stack.start_worker()

    stack.produce([GOOD, b"{}"])

    assert stack.read(stack.valid, 1)[0].value() == GOOD
    assert [row["code"] for row in stack.wait_for_rows(1)] == ["SCHEMA_MISSING"]

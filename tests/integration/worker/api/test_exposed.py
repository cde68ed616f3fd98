"""A web port that other machines reach: tokens, TLS, metrics apart."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dataquarantine.dev.service import free_port
from tests.integration.worker.api.client import Client
from tests.integration.worker.stack import Stack, Worker, until

METRICS_TOKEN = "for-metrics-alone"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine's addresses, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    addresses = [x509.IPAddress(ip_address(each)) for each in {"127.0.0.1", _own_address()}]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(addresses), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def exposed(client: Client, stack: Stack, certificate: tuple[Path, Path]) -> Exposed:
    """A second worker on all addresses."""
    metrics_port = free_port()
    port = free_port()
    web = {
        "host": "0.0.0.0",
        "port": port,
        "tls_cert": str(certificate[0]),
        "tls_key": str(certificate[1]),
        "metrics_token": METRICS_TOKEN,
        "metrics_port": metrics_port,
    }
    worker = stack.start_worker(wait=False, web=web)
    made = Exposed(worker, port, metrics_port, certificate[0])
    until(made.answers, 60, "the worker answers")
    return made


class Exposed:
    """Asks that worker by TLS."""

    def __init__(self, worker: Worker, port: int, metrics_port: int, certificate: Path) -> None:
        self.worker = worker
        self.port = port
        self.metrics_port = metrics_port
        self._context = ssl.create_default_context(cafile=str(certificate))

    def answers(self) -> bool:
        try:
            return self.ask("/healthz")[0] == 200
        except OSError:
            assert self.worker.process.poll() is None, self.worker.log.read_text()[-2000:]
            return False

    def ask(self, path: str, token: str | None = None) -> tuple[int, dict[str, str], bytes]:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        link = http.client.HTTPSConnection(
            _own_address(), self.port, timeout=20, context=self._context
        )
        try:
            link.request("GET", path, headers=headers)
            answer = link.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            link.close()


def test_from_elsewhere_there_is_only_health_without_a_token(
    exposed: Exposed, client: Client
) -> None:
    for path in ("/api/v1/me", "/api/v1/quarantine", "/metrics", "/registry/subjects"):
        assert exposed.ask(path)[0] == 401
    assert exposed.ask("/healthz")[0] == 200
    assert exposed.ask("/api/v1/me", client.tokens["viewer"])[0] == 200
    assert exposed.ask("/api/v1/me")[1]["strict-transport-security"]


def test_metrics_have_a_token_and_a_port_of_their_own(exposed: Exposed, client: Client) -> None:
    assert exposed.ask("/metrics", METRICS_TOKEN)[0] == 200
    assert exposed.ask("/api/v1/me", METRICS_TOKEN)[0] == 401
    link = http.client.HTTPConnection("127.0.0.1", exposed.metrics_port, timeout=20)
    link.request("GET", "/metrics")
    with link.getresponse() as answer:
        assert b"dataquarantine_kafka_up" in answer.read()
    link.close()


def test_without_any_token_a_worker_does_not_listen_beyond_this_machine(
    stack: Stack, empty_database_url: str, tmp_path: Path
) -> None:
    config = {
        **stack.config(),
        "data_dir": str(tmp_path / "worker"),
        "postgres": {"url": empty_database_url},
        "web": {"host": "0.0.0.0", "port": free_port()},
    }
    path = tmp_path / "worker.yaml"
    path.write_text(yaml.safe_dump(config))

    done = subprocess.run(
        [sys.executable, "-m", "dataquarantine", "--config", str(path), "worker"],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2
    assert "dataquarantine token create --bootstrap" in done.stderr


def _own_address() -> str:
    """Name an address of this machine that is not loopback, where there is one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        try:
            link.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return "127.0.0.1"
        return str(link.getsockname()[0])

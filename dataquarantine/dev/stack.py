"""The whole gateway on one machine, started in order and stopped in reverse."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from dataquarantine.api.static import built_dashboard
from dataquarantine.dev.broker import EmbeddedBroker, speaks_kafka
from dataquarantine.dev.endpoints import ownership, publish
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.dev.samples import packaged_schemas
from dataquarantine.dev.service import Service, answers, free_port
from dataquarantine.dev.state import DevState
from dataquarantine.errors import ConfigError, DataQuarantineError
from dataquarantine.settings import Settings, load_settings

Say = Callable[[str], None]
#: Tansu answers a join after half the session timeout: a long one makes the start slow.
SESSION_TIMEOUT_S = 6.0


class Part(Protocol):
    """Something that is started and stopped."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Stack:
    """Broker, Postgres, S3 and one worker over a folder; `say` gets one line per endpoint.

    broker: `tansu` (embedded, in memory), `kafka` (needs Java and Maven) or `HOST:PORT`.
    The embedded brokers start empty, so each start is a new cluster: quarantine ids and paths of
    an earlier run stay valid, their `dlq_offset` no longer points anywhere.
    """

    def __init__(self, folder: Path, *, broker: str, say: Say) -> None:
        self.folder = folder
        self.broker = broker
        self.say = say
        self.state = DevState.load(folder)
        self.settings = Settings()
        self.services: list[Service] = []

    @contextmanager
    def running(self) -> Iterator[Settings]:
        """Run everything while inside; stops in reverse order, whatever happened.

        Raises: DataQuarantineError of the part that did not start.
        """
        with ownership(self.folder), ExitStack() as stack:
            self.state.save(self.folder)  # before Postgres learns the password
            kafka = self._broker(stack)
            postgres = self._postgres(stack)
            objects = self._objects(stack)
            self.settings = self._settings(kafka, postgres, objects)
            self.state.save(self.folder)
            path = publish(self.folder, revealed(self.settings))
            self._prepare()
            self._worker(stack, path)
            yield self.settings

    def failed(self) -> Service | None:
        """Find a part that ended by itself."""
        return next((service for service in self.services if not service.running), None)

    def _broker(self, stack: ExitStack) -> dict[str, Any]:
        if self.broker == "tansu":
            tansu = EmbeddedBroker(self.folder, port=self.state.ports.get("broker"))
            self._start(stack, tansu)
            self.services.append(tansu.service)
            self._keep_port("broker", tansu.port)
            where, note = tansu.bootstrap_servers, "Tansu, in memory; no idempotent producers"
        elif self.broker == "kafka":
            from dataquarantine.dev.kafka import KafkaCluster

            shutil.rmtree(self.folder / "kafka", ignore_errors=True)
            kafka = KafkaCluster(self.folder / "kafka", cache=Path(".cache"))
            self._start(stack, kafka)
            self.services.extend(kafka.services.values())
            where, note = kafka.bootstrap_servers, "Apache Kafka, empty at each start"
        else:
            return self._foreign_broker()
        self.say(f"broker     {where}  ({note})")
        shutil.rmtree(self.folder / "worker", ignore_errors=True)
        return {
            "bootstrap_servers": where,
            "idempotence": self.broker != "tansu",
            "security_protocol": "PLAINTEXT",
            "sasl_mechanism": None,
        }

    def _foreign_broker(self) -> dict[str, Any]:
        host, _, port = self.broker.rpartition(":")
        if not host or not port.isdecimal():
            raise ConfigError(f"--broker {self.broker}: expected tansu, kafka or HOST:PORT")
        if not speaks_kafka(host, int(port), timeout_s=5):
            raise DataQuarantineError(f"no Kafka answers at {self.broker}; start it first")
        self.say(f"broker     {self.broker}  (yours; its topics stay)")
        return {"bootstrap_servers": self.broker}

    def _postgres(self, stack: ExitStack) -> EmbeddedPostgres:
        postgres = EmbeddedPostgres(
            self.folder,
            password=self.state.postgres_password,
            port=self.state.ports.get("postgres"),
        )
        self._start(stack, postgres)
        self.services.append(postgres.service)
        self._keep_port("postgres", postgres.port)
        self.say(f"postgres   127.0.0.1:{postgres.port}/{postgres.database}")
        return postgres

    def _objects(self, stack: ExitStack) -> EmbeddedObjects:
        objects = EmbeddedObjects(
            self.folder,
            access_key=self.state.access_key,
            secret_key=self.state.secret_key,
            port=self.state.ports.get("objects"),
        )
        self._start(stack, objects)
        self.services.append(objects.service)
        self._keep_port("objects", objects.port)
        self.say(f"s3         {objects.endpoint_url}/{objects.buckets[0]}  ({objects.data})")
        return objects

    def _settings(
        self, kafka: dict[str, Any], postgres: EmbeddedPostgres, objects: EmbeddedObjects
    ) -> Settings:
        """Put the endpoints over the user's own settings (pipelines, schemas, limits)."""
        own = revealed(load_settings())
        own["kafka"] |= kafka
        if "idempotence" in kafka:
            own["cluster_id"] = f"dev-{uuid.uuid4()}"
            own["kafka"] |= {"session_timeout_s": SESSION_TIMEOUT_S, "heartbeat_interval_s": 2.0}
        own["postgres"]["url"] = postgres.url
        own["s3"] |= {
            "endpoint_url": objects.endpoint_url,
            "bucket": objects.buckets[0],
            "access_key": objects.access_key,
            "secret_key": objects.secret_key,
            "server_side_encryption": None,
        }
        if not Path(own["schemas"]["folder"]).is_dir():
            own["schemas"]["folder"] = str(packaged_schemas())
            self.say(f"schemas    {own['schemas']['folder']}  (there is no folder of yours here)")
        own["spool"]["folder"] = str(self.folder / "spool")
        own["data_dir"] = str(self.folder / "worker")
        wanted = own["web"]["port"]
        own["web"] |= {"host": "127.0.0.1", "port": free_port(wanted)}
        if own["web"]["port"] != wanted:
            self.say(f"port {wanted} is taken; the worker's web port is {own['web']['port']}")
        return Settings.model_validate(own)

    def _prepare(self) -> None:
        from dataquarantine.store import migrations
        from dataquarantine.topics import create_topics

        revision = migrations.upgrade(self.settings.postgres.url.get_secret_value())
        self.say(f"migrations {revision}")
        results = asyncio.run(create_topics(self.settings))
        for result in results:
            if not result.right:
                raise DataQuarantineError(f"topic {result.plan.name}: {result.detail}")
        self.say(f"topics     {', '.join(result.plan.name for result in results)}")

    def _worker(self, stack: ExitStack, path: Path) -> None:
        port = self.settings.web.port
        worker = Service("worker", self.folder / "worker.log")
        stack.callback(worker.stop)
        own = {name: value for name, value in os.environ.items() if not name.startswith("DQ_")}
        worker.start(
            [sys.executable, "-m", "dataquarantine.cli", "worker"],
            ready=lambda: answers(f"http://127.0.0.1:{port}/readyz"),
            env=own | {"DQ_CONFIG": str(path)},
        )
        self.services.append(worker)
        self.say(f"worker     http://127.0.0.1:{port}/metrics  ({worker.log})")
        if built_dashboard() is not None:
            self.say(f"dashboard  http://127.0.0.1:{port}/")

    def _start(self, stack: ExitStack, part: Part) -> None:
        stack.callback(part.stop)
        part.start()

    def _keep_port(self, name: str, port: int) -> None:
        before = self.state.ports.get(name)
        if before not in (None, port):
            self.say(f"port {before} is taken now; {name} moves to {port}")
        self.state.ports[name] = port


def revealed(settings: Settings) -> dict[str, Any]:
    """Return the settings as plain values, secrets readable: for private files only."""
    plain: dict[str, Any] = _plain(settings.model_dump(by_alias=True))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, Path) else value

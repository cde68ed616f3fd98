"""Throughput: the gateway, a sequential librdkafka loop and a naive Faust agent, in turns.

    python -m benchmarks.throughput [--records 1500000] [--rounds 3] [--json FILE]

The gateway runs whole: provenance headers, metrics, dead letters into Postgres and S3. All read the
same topic of the same broker. The naive agent is slow, so it is stopped at a fortieth.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from benchmarks.harness import PYTHON, ROOT, SCHEMA_FILE, Bench, Result
from dataquarantine.dev.broker import EmbeddedBroker
from dataquarantine.dev.kafka import KafkaCluster, missing_tools
from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.postgres import EmbeddedPostgres
from dataquarantine.dev.service import free_port
from dataquarantine.settings import SchemaSettings
from dataquarantine.store import migrations
from dataquarantine.topics import CONTROL, LEDGER, TABLES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=1_500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--layout", default="auto", choices=["record", "segment", "auto"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dq-bench-") as folder, ExitStack() as stack:
        home = Path(folder)
        home.chmod(0o755)
        servers, real = _broker(home, stack)
        stores = _stores(home, stack, arguments.layout)
        bench = Bench(servers, f"bench-{uuid4().hex[:6]}", arguments.records)
        for shared in (LEDGER, CONTROL, SchemaSettings().topic):
            bench.create_topic(shared, partitions=1)
        bench.load()
        results: list[Result] = []
        for number in range(arguments.rounds):
            results.append(_gateway(bench, home, stores, real, number))
            results.append(_loop(bench, number))
            results.append(_naive(bench, home, number))
            for result in results[-3:]:
                print(_line(result), flush=True)
    report = _report(results, arguments.records, "Apache Kafka" if real else "Tansu")
    print(json.dumps(report["medians"], indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def _broker(home: Path, stack: ExitStack) -> tuple[str, bool]:
    real = not missing_tools()
    broker: KafkaCluster | EmbeddedBroker
    if real:
        broker = KafkaCluster(home / "kafka", cache=ROOT / ".cache")
    else:
        broker = EmbeddedBroker(home)
    stack.callback(broker.stop)
    broker.start()
    return broker.bootstrap_servers, real


def _stores(home: Path, stack: ExitStack, layout: str) -> dict[str, Any]:
    postgres = EmbeddedPostgres(home, password=uuid4().hex)
    stack.callback(postgres.stop)
    postgres.start()
    migrations.upgrade(postgres.url)
    keys = {"access_key": uuid4().hex, "secret_key": uuid4().hex}
    objects = EmbeddedObjects(home, access_key=keys["access_key"], secret_key=keys["secret_key"])
    stack.callback(objects.stop)
    objects.start()
    s3 = {"endpoint_url": objects.endpoint_url, "layout": layout, **keys}
    return {"postgres": {"url": postgres.url}, "s3": s3}


def _outputs(bench: Bench, contender: str, number: int) -> list[str]:
    names = [f"{bench.source}-{contender}-{number}-{kind}" for kind in ("valid", "dlq")]
    return [bench.create_topic(name) for name in names]


def _gateway(bench: Bench, home: Path, stores: dict[str, Any], real: bool, number: int) -> Result:
    valid, dead_letter = _outputs(bench, "gateway", number)
    for table in TABLES:
        bench.create_topic(f"{valid}-{table}-changelog", partitions=1)
    config = {
        "cluster_id": valid,
        "kafka": {
            "bootstrap_servers": bench.servers,
            "group": valid,
            "idempotence": real,
            "session_timeout_s": 6,
            "heartbeat_interval_s": 1,
        },
        "pipelines": [{"source": bench.source, "valid": valid, "dead_letter": dead_letter}],
        "schemas": {"folder": str(ROOT / "schemas")},
        "spool": {"folder": str(home / f"spool-{number}")},
        "data_dir": str(home / f"data-{number}"),
        "web": {"port": free_port()},
        **stores,
    }
    path = home / f"gateway-{number}.yaml"
    path.write_text(yaml.safe_dump(config))
    command = [PYTHON, "-m", "dataquarantine", "--config", str(path), "worker"]
    return bench.run("gateway", [*command, "--log-level", "WARNING"], [valid, dead_letter])


def _loop(bench: Bench, number: int) -> Result:
    outputs = _outputs(bench, "loop", number)
    program = "benchmarks.contenders.sequential_loop"
    arguments = [bench.servers, bench.source, *outputs, str(SCHEMA_FILE)]
    return bench.run("loop", [PYTHON, "-m", program, *arguments], outputs)


def _naive(bench: Bench, home: Path, number: int) -> Result:
    outputs = _outputs(bench, "naive", number)
    program = "benchmarks.contenders.naive_faust"
    data = str(home / f"naive-{number}")
    arguments = [bench.servers, bench.source, *outputs, str(SCHEMA_FILE), data]
    return bench.run(
        "naive", [PYTHON, "-m", program, *arguments], outputs, upto=bench.records // 40
    )


def _line(result: Result) -> str:
    return (
        f"{result.contender:<8} {result.records_per_s:>9,.0f} records/s "
        f"{result.cpu_us_per_record:>7.1f} CPU us/record {result.peak_rss_mb:>6.0f} MB"
    )


def _report(results: list[Result], records: int, broker: str) -> dict[str, Any]:
    rates = {
        name: statistics.median(r.records_per_s for r in results if r.contender == name)
        for name in ("gateway", "loop", "naive")
    }
    medians = {f"{name}_records_per_s": round(rate) for name, rate in rates.items()}
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "broker": broker,
        "records": records,
        "medians": medians
        | {
            "gateway_to_loop": round(rates["gateway"] / rates["loop"], 2),
            "gateway_to_naive": round(rates["gateway"] / rates["naive"], 1),
        },
        "runs": [asdict(result) for result in results],
    }


if __name__ == "__main__":
    main()

"""Judge a run from outside: every record exactly where it belongs; imports nothing of the gateway.

    python check.py WHERE.json

WHERE.json names the topics, the database and the bucket; a record of the source is bad when it has
no `user_id`. Prints what was found as JSON; exits 1 when anything is missing or wrong.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg2
from confluent_kafka import Consumer, Message, TopicPartition

Place = tuple[int, int]


def main() -> int:
    where = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    found = check(where)
    print(json.dumps(found))
    return int(any(found[kind] for kind in found if kind.split("_")[0] in ("missing", "wrong")))


def check(where: dict[str, Any]) -> dict[str, int]:
    """Hold both outputs, the rows and the objects against the source."""
    good: dict[Place, int] = {}
    bad: set[Place] = set()
    for message in read(where, where["source"]):
        value, place = message.value(), (message.partition(), message.offset())
        if b'"user_id"' in value:
            good[place] = zlib.crc32(value)
        else:
            bad.add(place)
    forwarded: Counter[Place] = Counter()
    altered = 0
    for message in read(where, where["valid"]):
        place = _source_of(message)
        forwarded[place] += 1
        altered += good.get(place) != zlib.crc32(message.value())
    letters = Counter(_source_of_letter(message) for message in read(where, where["dead_letter"]))
    rows = _rows(where)
    objects = _objects(where)
    paths = {path for found in rows.values() for path in found}
    return {
        "records": len(good) + len(bad),
        "good": len(good),
        "bad": len(bad),
        "missing_records": len(good.keys() - forwarded.keys()),
        "missing_letters": len(bad - letters.keys()),
        "missing_rows": len(bad - rows.keys()),
        "missing_objects": len(paths - objects),
        "wrong_values": altered,
        "wrong_places": len(forwarded.keys() - good.keys()) + len(letters.keys() - bad),
        "wrong_rows": len(rows.keys() - bad) + sum(len(found) > 1 for found in rows.values()),
        "wrong_objects": len(objects - paths),
        "duplicates": sum(forwarded.values()) - len(forwarded),
        "duplicate_letters": sum(letters.values()) - len(letters),
    }


def read(where: dict[str, Any], topic: str) -> Iterator[Message]:
    """Read what is committed on a topic, from its beginning to its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": where["bootstrap_servers"],
            "group.id": "chaos-check",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    left, idle = set(partitions), 0
    while left:
        messages = consumer.consume(5000, timeout=0.5)
        idle = 0 if messages else idle + 1
        if idle > 60:
            raise SystemExit(f"{topic} can't be read to its end: {sorted(left)}")
        for message in messages:
            if message.error() is None:
                yield message
            else:  # the end of a partition
                left.discard(message.partition())
    consumer.close()


def _source_of(message: Message) -> Place:
    headers = dict(message.headers() or ())
    _, partition, offset = headers["__dq.src"].decode().rsplit("/", 2)
    return int(partition), int(offset)


def _source_of_letter(message: Message) -> Place:
    headers = dict(message.headers() or ())
    return int(headers["__dq.errors.partition"]), int(headers["__dq.errors.offset"])


def _rows(where: dict[str, Any]) -> dict[Place, list[str]]:
    """Storage paths of the rows, by the source's place."""
    found: dict[Place, list[str]] = {}
    with psycopg2.connect(where["database_url"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            'SELECT partition, "offset", storage_path FROM quarantine_records WHERE topic = %s',
            [where["source"]],
        )
        for partition, offset, path in cursor:
            found.setdefault((partition, offset), []).append(path)
    return found


def _objects(where: dict[str, Any]) -> set[str]:
    s3 = where["s3"]
    bucket = boto3.resource(
        "s3",
        endpoint_url=s3["endpoint_url"],
        aws_access_key_id=s3["access_key"],
        aws_secret_access_key=s3["secret_key"],
        region_name="us-east-1",
    ).Bucket(s3["bucket"])
    return {each.key for each in bucket.objects.filter(Prefix=f"{where['source']}/")}


if __name__ == "__main__":
    sys.exit(main())

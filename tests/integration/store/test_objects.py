"""The object store's contract, on two S3 servers of different makers."""

from __future__ import annotations

import os
import random
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from pydantic import SecretStr

from dataquarantine.dev.objects import EmbeddedObjects
from dataquarantine.dev.service import Service, free_port
from dataquarantine.errors import SinkUnavailable
from dataquarantine.quarantine import layouts
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.quarantine.envelope import parse_envelope
from dataquarantine.quarantine.layouts import Layout
from dataquarantine.settings import S3Settings
from dataquarantine.store.objects import ObjectMissing, ObjectStore, StoredObject
from tests.integration.store_fixtures import ACCESS_KEY, SECRET_KEY
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source


@pytest.fixture(scope="session")
def seaweedfs_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("seaweedfs")
    url = f"http://127.0.0.1:{(port := free_port())}"
    ports = {"s3": port, "master": free_port(), "volume": free_port(), "filer": free_port()}
    command = [str(Path(sys.executable).with_name("weed")), "server", "-s3", f"-dir={folder}"]
    command += ["-ip=127.0.0.1", "-master.volumeSizeLimitMB=64", "-volume.max=300"]
    # Servers of its own at fixed ports, which somebody else may have.
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    for part, number in ports.items():
        command.append(f"-{part}.port={number}")
        command.append(f"-{part}.port.grpc={free_port()}")

    def answers() -> bool:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except urllib.error.HTTPError:
            return True  # it refuses an unsigned request, so it is there
        except OSError:
            return False
        return True

    service = Service("seaweedfs", folder / "weed.log", stop_signal=signal.SIGKILL)
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    keys["WEED_S3_SSE_KEY"] = uuid4().hex
    service.start(command, ready=answers, env={**keys, "HOME": str(folder)})
    yield url
    service.stop()


@pytest.fixture(params=["rclone", "seaweedfs"])
def settings(request: pytest.FixtureRequest) -> S3Settings:
    if request.param == "rclone":
        server: EmbeddedObjects = request.getfixturevalue("objects_server")
        url = server.endpoint_url
    else:
        url = request.getfixturevalue("seaweedfs_url")
    return S3Settings(
        endpoint_url=url,
        access_key=SecretStr(ACCESS_KEY),
        secret_key=SecretStr(SECRET_KEY),
        bucket=f"bucket-{uuid4().hex[:12]}",
    )


@pytest.fixture
def store(settings: S3Settings) -> Iterator[ObjectStore]:
    store = ObjectStore(settings)
    yield store
    store.close()


def put(store: ObjectStore, *items: StoredObject) -> None:
    assert store.put_all(items) == [None] * len(items)


def test_what_is_put_comes_back_whole_and_in_part(store: ObjectStore) -> None:
    body = bytes(range(256)) * 10

    put(store, StoredObject("raw-events/0/1_a.json", body))

    assert store.get("raw-events/0/1_a.json") == body
    assert store.get("raw-events/0/1_a.json", 100, 300) == body[100:300]


def test_the_bucket_is_made_by_the_first_put_and_found_by_the_second(
    store: ObjectStore, settings: S3Settings
) -> None:
    put(store, StoredObject("a", b"1"))
    again = ObjectStore(settings)
    again.ensure_bucket()
    put(again, StoredObject("b", b"2"))
    again.close()

    assert sorted(store.paths()) == ["a", "b"]


def test_a_bucket_that_vanished_is_made_again(store: ObjectStore, settings: S3Settings) -> None:
    put(store, StoredObject("a", b"1"))
    store.delete("a")
    remove_bucket(settings)

    first = store.put_all([StoredObject("a", b"2")])
    second = store.put_all([StoredObject("a", b"2")])

    assert isinstance(first[0], SinkUnavailable) or first == [None]
    assert second == [None]
    assert store.get("a") == b"2"


def remove_bucket(settings: S3Settings) -> None:
    boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    ).delete_bucket(Bucket=settings.bucket)


def test_a_missing_object_is_told_apart_from_a_missing_store(store: ObjectStore) -> None:
    store.ensure_bucket()

    with pytest.raises(ObjectMissing):
        store.get("nothing/here.json")
    assert not store.exists("nothing/here.json")


def test_deleting_twice_is_no_error(store: ObjectStore) -> None:
    put(store, StoredObject("a", b"1"))

    store.delete("a")
    store.delete("a")

    assert not store.exists("a")


def test_a_prefix_is_listed_over_pages(store: ObjectStore) -> None:
    put(store, *(StoredObject(f"x/{n:04d}", b"") for n in range(1100)), StoredObject("y/1", b""))

    assert sorted(store.paths("x/")) == [f"x/{n:04d}" for n in range(1100)]


def test_wrong_credentials_are_an_outage(settings: S3Settings) -> None:
    stranger = ObjectStore(settings.model_copy(update={"secret_key": SecretStr("not the key")}))

    [problem] = stranger.put_all([StoredObject("a", b"1")])

    stranger.close()
    assert isinstance(problem, SinkUnavailable)


def test_lock_and_encryption_are_asked_for_as_the_settings_say(seaweedfs_url: str) -> None:
    locked = S3Settings(
        endpoint_url=seaweedfs_url,
        access_key=SecretStr(ACCESS_KEY),
        secret_key=SecretStr(SECRET_KEY),
        bucket=f"bucket-{uuid4().hex[:12]}",
        object_lock_mode="COMPLIANCE",
        retain_days=2,
        server_side_encryption="AES256",
    )
    store = ObjectStore(locked)
    put(store, StoredObject("a/1.json", b"clear"), StoredObject("a/10.json", b"other"))

    head = client_of(locked).head_object(Bucket=locked.bucket, Key="a/1.json")
    store.delete("a/1.json")
    forgotten = store.forget_versions("a/1.json")

    store.close()
    days = (head["ObjectLockRetainUntilDate"] - datetime.now(UTC)).total_seconds() / 86400
    assert (head["ObjectLockMode"], round(days)) == ("COMPLIANCE", 2)
    assert head["ServerSideEncryption"] == "AES256"
    assert (forgotten.removed, forgotten.locked) == (0, 1)


def test_older_versions_are_forgotten_for_good(seaweedfs_url: str) -> None:
    settings = S3Settings(
        endpoint_url=seaweedfs_url,
        access_key=SecretStr(ACCESS_KEY),
        secret_key=SecretStr(SECRET_KEY),
        bucket=f"bucket-{uuid4().hex[:12]}",
    )
    store, client = ObjectStore(settings), client_of(settings)
    store.ensure_bucket()
    client.put_bucket_versioning(
        Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    for body in (b"first", b"second"):
        put(store, StoredObject("a", body))
    put(store, StoredObject("gone", b"x"))
    store.delete("gone")

    replaced, deleted = store.forget_versions("a"), store.forget_versions("gone")

    left = client.list_object_versions(Bucket=settings.bucket)
    assert (replaced.removed, deleted.removed, store.get("a")) == (1, 1, b"second")
    store.close()
    assert [each["Key"] for each in left["Versions"]] == ["a"]
    assert "DeleteMarkers" not in left


def client_of(settings: S3Settings) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
    )


#: More by hand, to see every byte of as many laid out one by one.
RANDOM_RECORDS = int(os.environ.get("RANDOM_RECORDS", "1000"))


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["segment", "record"])
def test_every_byte_of_random_records_comes_back(objects: ObjectStore, layout: Layout) -> None:
    count = max(RANDOM_RECORDS, 10_000) if layout == "segment" else RANDOM_RECORDS
    chance = random.Random(layout)
    values = [chance.randbytes(chance.randrange(200)) for _ in range(count)]
    letters = dead_letters([source(n, value) for n, value in enumerate(values)], rendered=False)
    paths = []
    for first in range(0, count, 500):
        entries = [entry_of(letter, CLUSTER, NOW) for letter in letters[first : first + 500]]
        entries, packages = layouts.pack(entries, layout)
        put(objects, *(package.item for package in packages))
        paths += [entry.row.storage_path for entry in entries]

    with ThreadPoolExecutor(8) as pool:
        read = list(
            pool.map(lambda path: parse_envelope(layouts.fetch(objects, path)).payload(), paths)
        )

    assert read == values


@pytest.mark.parametrize(("count", "objects_made"), [(5, 5), (7, 7), (8, 1), (200, 1)])
def test_auto_packs_what_is_many(count: int, objects_made: int) -> None:
    letters = dead_letters([source(n) for n in range(count)])
    entries = [entry_of(letter, CLUSTER, NOW) for letter in letters]

    placed, packages = layouts.pack(entries, "auto")

    assert len(packages) == objects_made
    assert len({entry.row.storage_path for entry in placed}) == count


def test_each_partition_has_its_own_segment() -> None:
    letters = dead_letters([source(n) for n in range(9)])
    mixed = [replace(each, partition=n % 2) for n, each in enumerate(letters)]  # type: ignore[type-var]  # they are SourceRecords
    entries = [entry_of(each, CLUSTER, NOW) for each in mixed]

    placed, packages = layouts.pack(entries, "segment")

    names = [package.item.path.partition("_")[0] for package in packages]
    assert names == ["quarantine-dlq/0/0-8", "quarantine-dlq/1/1-7"]
    assert {entry.row.storage_path.rpartition("/")[0] for entry in placed} == {
        "quarantine-dlq/0", "quarantine-dlq/1"
    }  # fmt: skip


def test_auto_counts_all_partitions_and_leaves_a_lone_record_alone() -> None:
    letters = dead_letters([source(n) for n in range(9)])
    mixed = [replace(each, partition=n // 4) for n, each in enumerate(letters)]  # type: ignore[type-var]  # they are SourceRecords
    entries = [entry_of(each, CLUSTER, NOW) for each in mixed]

    _, packages = layouts.pack(entries, "auto")

    assert [len(package.marks) for package in packages] == [4, 4, 1]
    assert [package.item.path.endswith(".gz") for package in packages] == [True, True, False]


def test_the_same_chunk_makes_the_same_segment() -> None:
    entries = [entry_of(each, CLUSTER, NOW) for each in dead_letters([source(n) for n in range(9)])]

    [first] = layouts.pack(entries, "segment")[1]
    [again] = layouts.pack(entries, "segment")[1]

    assert first.item == again.item
    assert first.item.path.startswith("quarantine-dlq/0/0-8_")


def test_what_lies_in_one_segment_comes_back_by_one_request(
    objects: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = dead_letters([source(n) for n in range(200)])
    entries = [entry_of(letter, CLUSTER, NOW) for letter in letters]
    placed, [package] = layouts.pack(entries, "segment")
    put(objects, package.item)
    paths = [entry.row.storage_path for entry in placed][::-3]
    alone = [layouts.fetch(objects, path) for path in paths]
    asked: list[str] = []
    get = objects.get

    def noted(path: str, start: int, end: int) -> bytes:
        asked.append(path)
        return get(path, start, end)

    monkeypatch.setattr(objects, "get", noted)

    assert layouts.fetch_all(objects, paths) == alone
    assert asked == [package.item.path]

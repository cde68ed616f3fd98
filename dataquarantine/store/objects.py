"""Payloads in S3."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from botocore import exceptions as boto_errors

from dataquarantine.errors import SinkRejected, SinkUnavailable
from dataquarantine.settings import S3Settings
from dataquarantine.store.object_versions import Forgotten, forget_versions
from dataquarantine.store.s3 import (
    ABSENT,
    ObjectMissing,
    code_of,
    encryption,
    open_client,
    translated,
)

__all__ = ["ListedObject", "ObjectMissing", "ObjectStore", "StoredObject"]


class StoredObject(NamedTuple):
    """A path in the bucket and what lies there."""

    path: str
    body: bytes
    content_type: str = "application/json"


class ListedObject(NamedTuple):
    """A path and when its object was written."""

    path: str
    modified: datetime


class ObjectStore:
    """One bucket. Thread-safe; connections are pooled for `workers` threads."""

    def __init__(self, settings: S3Settings) -> None:
        self.bucket = settings.bucket
        self._region = settings.region
        self._lock_mode = settings.object_lock_mode
        self._retain = timedelta(days=settings.retain_days or 0)
        self._client: Any = open_client(settings)
        self._encryption = encryption(settings)
        self._bucket_is_there = False
        self._pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="s3")

    def ensure_bucket(self) -> None:
        """Create the bucket unless it is there.

        Raises: SinkUnavailable when the store does not answer or refuses us.
        """
        with translated():
            try:
                self._client.head_bucket(Bucket=self.bucket)
                return
            except boto_errors.ClientError as exc:
                if code_of(exc) not in (*ABSENT, "NoSuchBucket"):
                    raise
            arguments: dict[str, Any] = {"Bucket": self.bucket}
            if self._region != "us-east-1":
                arguments["CreateBucketConfiguration"] = {"LocationConstraint": self._region}
            if self._lock_mode:
                arguments["ObjectLockEnabledForBucket"] = True
            try:
                self._client.create_bucket(**arguments)
            except boto_errors.ClientError as exc:
                if code_of(exc) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise

    def _find_bucket(self) -> None:
        if not self._bucket_is_there:
            self.ensure_bucket()
            self._bucket_is_there = True

    def put(self, item: StoredObject) -> None:
        """Store one object; what lay at its path is replaced.

        Raises: SinkUnavailable, SinkRejected.
        """
        with translated():
            self._client.put_object(
                Bucket=self.bucket,
                Key=item.path,
                Body=item.body,
                ContentType=item.content_type,
                **self._encryption,
                **self._retention(item.body),
            )

    def _retention(self, body: bytes) -> dict[str, Any]:
        if self._lock_mode is None:
            return {}
        return {
            "ObjectLockMode": self._lock_mode,
            "ObjectLockRetainUntilDate": datetime.now(UTC) + self._retain,
            # S3 asks for a checksum with every lock.
            "ContentMD5": base64.b64encode(
                hashlib.md5(body, usedforsecurity=False).digest()
            ).decode(),
        }

    def put_all(self, items: Sequence[StoredObject]) -> list[SinkUnavailable | SinkRejected | None]:
        """Store objects in parallel; returns for each, in order, what went wrong, if anything.

        The bucket is made if need be. After the first that finds the store away, those not yet
        begun are not tried.
        """
        away: list[SinkUnavailable] = []
        try:
            self._find_bucket()
        except SinkUnavailable as exc:
            away.append(exc)

        def attempt(item: StoredObject) -> SinkUnavailable | SinkRejected | None:
            if away:
                return away[0]
            try:
                self.put(item)
            except SinkRejected as exc:
                return exc
            except SinkUnavailable as exc:
                away.append(exc)
                return exc
            return None

        problems = list(self._pool.map(attempt, items))
        if away:
            self._bucket_is_there = False
        return problems

    def get(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        """Fetch an object, or its bytes from `start` up to and without `end`.

        Raises: ObjectMissing, SinkUnavailable.
        """
        arguments = {} if start is None or end is None else {"Range": f"bytes={start}-{end - 1}"}
        with translated(path):
            answer = self._client.get_object(Bucket=self.bucket, Key=path, **arguments)
            body: bytes = answer["Body"].read()
            return body

    def get_existing(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Fetch objects in parallel, leaving out those that are not there.

        Raises: SinkUnavailable.
        """

        def attempt(path: str) -> bytes | None:
            try:
                return self.get(path)
            except ObjectMissing:
                return None

        bodies = zip(paths, self._pool.map(attempt, paths), strict=True)
        return {path: body for path, body in bodies if body is not None}

    def exists(self, path: str) -> bool:
        """Tell whether an object lies at that path.

        Raises: SinkUnavailable.
        """
        try:
            with translated(path):
                self._client.head_object(Bucket=self.bucket, Key=path)
        except ObjectMissing:
            return False
        return True

    def paths(self, prefix: str = "") -> Iterator[str]:
        """List what lies in the bucket, in order of path."""
        return (listed.path for listed in self.list(prefix))

    def list(self, prefix: str = "") -> Iterator[ListedObject]:
        """List what lies in the bucket and since when, in order of path."""
        with translated():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield ListedObject(item["Key"], item["LastModified"])

    def delete(self, path: str) -> None:
        """Remove an object; one that is not there is no error.

        A bucket with versions only hides it: see `forget_versions`.
        """
        with translated():
            self._client.delete_object(Bucket=self.bucket, Key=path)

    def forget_versions(self, path: str) -> Forgotten:
        """Remove what a bucket with versions keeps of a path besides what lies there now.

        Raises: SinkUnavailable.
        """
        if not self._has_versions:
            return Forgotten()
        return forget_versions(self._client, self.bucket, path)

    @cached_property
    def _has_versions(self) -> bool:
        with translated():
            answer = self._client.get_bucket_versioning(Bucket=self.bucket)
            return answer.get("Status") in ("Enabled", "Suspended")

    def close(self) -> None:
        """End the threads; calls in flight finish."""
        self._pool.shutdown()
        self._client.close()


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()

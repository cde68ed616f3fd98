"""Payloads in S3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3
from botocore import exceptions as boto_errors
from botocore.config import Config

from dataquarantine.errors import SinkRejected, SinkUnavailable
from dataquarantine.settings import S3Settings

NAME = "s3"
CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 10

#: Answers that no repetition of the same call changes.
_REFUSED = frozenset(["EntityTooLarge", "InvalidArgument", "KeyTooLongError", "InvalidRequest"])
_ABSENT = frozenset(["404", "NoSuchKey", "NotFound"])


class ObjectMissing(SinkRejected):
    """No object lies at that path."""

    def __init__(self, path: str) -> None:
        super().__init__(NAME, f"no object {path}; it may be spooled or expired, see the topic")


class StoredObject(NamedTuple):
    """A path in the bucket and what lies there."""

    path: str
    body: bytes
    content_type: str = "application/json"


class ObjectStore:
    """One bucket. Thread-safe; connections are pooled for `workers` threads."""

    def __init__(self, settings: S3Settings) -> None:
        self.bucket = settings.bucket
        self._region = settings.region
        self._client: Any = _client(settings)
        self._extra = _put_arguments(settings)
        self._bucket_is_there = False
        self._pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="s3")

    def ensure_bucket(self) -> None:
        """Create the bucket unless it is there.

        Raises: SinkUnavailable when the store does not answer or refuses us.
        """
        with _translated():
            try:
                self._client.head_bucket(Bucket=self.bucket)
                return
            except boto_errors.ClientError as exc:
                if _code(exc) not in (*_ABSENT, "NoSuchBucket"):
                    raise
            arguments: dict[str, Any] = {"Bucket": self.bucket}
            if self._region != "us-east-1":
                arguments["CreateBucketConfiguration"] = {"LocationConstraint": self._region}
            try:
                self._client.create_bucket(**arguments)
            except boto_errors.ClientError as exc:
                if _code(exc) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise

    def _find_bucket(self) -> None:
        if not self._bucket_is_there:
            self.ensure_bucket()
            self._bucket_is_there = True

    def put(self, item: StoredObject) -> None:
        """Store one object; what lay at its path is replaced.

        Raises: SinkUnavailable, SinkRejected.
        """
        with _translated():
            self._client.put_object(
                Bucket=self.bucket,
                Key=item.path,
                Body=item.body,
                ContentType=item.content_type,
                **self._extra,
            )

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
        with _translated(path):
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
            with _translated(path):
                self._client.head_object(Bucket=self.bucket, Key=path)
        except ObjectMissing:
            return False
        return True

    def paths(self, prefix: str = "") -> Iterator[str]:
        """List what lies in the bucket, in order of path."""
        with _translated():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                yield from (item["Key"] for item in page.get("Contents", ()))

    def delete(self, path: str) -> None:
        """Remove an object; one that is not there is no error."""
        with _translated():
            self._client.delete_object(Bucket=self.bucket, Key=path)

    def close(self) -> None:
        """End the threads; calls in flight finish."""
        self._pool.shutdown()
        self._client.close()


def _client(settings: S3Settings) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=_secret(settings.access_key),
        aws_secret_access_key=_secret(settings.secret_key),
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            max_pool_connections=settings.workers,
            # The spool is the answer to an outage; long retries here would only hold the sink up.
            retries={"total_max_attempts": 2, "mode": "standard"},
            # Stores of other makers don't know the checksums that boto3 adds by default.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if settings.endpoint_url else "auto"},
        ),
    )


def _put_arguments(settings: S3Settings) -> dict[str, str]:
    if settings.server_side_encryption is None:
        return {}
    return {"ServerSideEncryption": settings.server_side_encryption}


def _secret(value: Any) -> str | None:
    return None if value is None else str(value.get_secret_value())


@contextmanager
def _translated(path: str = "") -> Iterator[None]:
    try:
        yield
    except boto_errors.ClientError as exc:
        code = _code(exc)
        if path and code in _ABSENT:
            raise ObjectMissing(path) from exc
        if code in _REFUSED:
            raise SinkRejected(NAME, code) from exc
        raise SinkUnavailable(NAME, code) from exc
    except (boto_errors.BotoCoreError, OSError) as exc:
        raise SinkUnavailable(NAME, str(exc)[:200]) from exc


def _code(error: boto_errors.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))

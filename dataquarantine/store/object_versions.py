"""What a bucket with versions keeps of objects that were replaced or deleted."""

from __future__ import annotations

from typing import Any, NamedTuple

from dataquarantine.errors import SinkRejected, SinkUnavailable
from dataquarantine.store.s3 import translated

#: Answers to removing a version that object lock still holds.
_LOCKED = frozenset(["AccessDenied", "ObjectLocked", "InvalidRequest"])


class Forgotten(NamedTuple):
    """Older versions of a path: removed, and still under object lock."""

    removed: int = 0
    locked: int = 0


def forget_versions(client: Any, bucket: str, path: str) -> Forgotten:
    """Remove older versions; the marks of deletions only when nothing is left that they hide.

    Raises: SinkUnavailable.
    """
    versions, marks = _hidden(client, bucket, path)
    removed = sum(_remove(client, bucket, path, version) for version in versions)
    locked = len(versions) - removed
    if not locked:
        for mark in marks:
            _remove(client, bucket, path, mark)
    return Forgotten(removed, locked)


def _remove(client: Any, bucket: str, path: str, version: str) -> bool:
    try:
        with translated():
            client.delete_object(Bucket=bucket, Key=path, VersionId=version)
    except (SinkUnavailable, SinkRejected) as exc:
        if exc.reason not in _LOCKED:
            raise
        return False
    return True


def _hidden(client: Any, bucket: str, path: str) -> tuple[list[str], list[str]]:
    versions: list[str] = []
    marks: list[str] = []
    with translated():
        for page in client.get_paginator("list_object_versions").paginate(
            Bucket=bucket, Prefix=path
        ):
            for item in page.get("Versions", ()):
                if item["Key"] == path and not item["IsLatest"]:
                    versions.append(item["VersionId"])
            marks += [m["VersionId"] for m in page.get("DeleteMarkers", ()) if m["Key"] == path]
    return versions, marks

"""The one place that knows how S3 is reached and how it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
ABSENT = frozenset(["404", "NoSuchKey", "NotFound"])


class ObjectMissing(SinkRejected):
    """No object lies at that path."""

    def __init__(self, path: str) -> None:
        super().__init__(NAME, f"no object {path}; it may be spooled or expired, see the topic")


def open_client(settings: S3Settings) -> Any:
    """Open a client whose connections are pooled for the threads of a store."""
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


def encryption(settings: S3Settings) -> dict[str, str]:
    """Say how objects are encrypted at rest, as arguments of a put."""
    arguments = {
        "ServerSideEncryption": settings.server_side_encryption,
        "SSEKMSKeyId": settings.sse_kms_key_id,
    }
    return {name: value for name, value in arguments.items() if value is not None}


def _secret(value: Any) -> str | None:
    return None if value is None else str(value.get_secret_value())


@contextmanager
def translated(path: str = "") -> Iterator[None]:
    """Turn boto3's errors into ours."""
    try:
        yield
    except boto_errors.ClientError as exc:
        code = code_of(exc)
        if path and code in ABSENT:
            raise ObjectMissing(path) from exc
        if code in _REFUSED:
            raise SinkRejected(NAME, code) from exc
        raise SinkUnavailable(NAME, code) from exc
    except (boto_errors.BotoCoreError, OSError) as exc:
        raise SinkUnavailable(NAME, str(exc)[:200]) from exc


def code_of(error: boto_errors.ClientError) -> str:
    """Read the store's own code of an error."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))

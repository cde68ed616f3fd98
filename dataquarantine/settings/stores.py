"""Where quarantined records are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from dataquarantine.settings.section import Section


class PostgresSettings(Section):
    """The database of quarantined records."""

    url: SecretStr = SecretStr("postgresql+psycopg2://dataquarantine@127.0.0.1:5432/dataquarantine")
    pool_size: int = Field(5, gt=0)
    retention_days: int = Field(90, gt=0)


class S3Settings(Section):
    """The bucket of quarantined payloads; without keys, boto3's own chain finds them.

    server_side_encryption, sse_kms_key_id: as S3 names them. object_lock_mode, retain_days: every
    object is locked for so long; a bucket that the gateway makes allows it then.
    """

    endpoint_url: str | None = None
    region: str = "us-east-1"
    bucket: str = "data-quarantine"
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    layout: Literal["record", "segment", "auto"] = "record"
    workers: int = Field(8, gt=0)
    server_side_encryption: Literal["AES256", "aws:kms", "aws:kms:dsse"] | None = None
    sse_kms_key_id: str | None = None
    object_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] | None = None
    retain_days: int | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _belong_together(self) -> S3Settings:
        if (self.object_lock_mode is None) != (self.retain_days is None):
            raise ValueError("object_lock_mode and retain_days need each other")
        kms = (self.server_side_encryption or "").startswith("aws:kms")
        if self.sse_kms_key_id is not None and not kms:
            raise ValueError("sse_kms_key_id needs server_side_encryption: aws:kms")
        return self


class SpoolSettings(Section):
    """Local files that stand in while a store is away."""

    folder: Path = Path(".dq/spool")
    max_bytes: int = Field(2**30, gt=0)

"""Requests, responses and errors as Confluent's schema registry speaks them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
MAX_BODY_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Request:
    """One request below the mount point; `path` is decoded segment by segment by the router.

    user: who asks, for the history.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    user: str = "anonymous"

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def json(self) -> dict[str, Any]:
        """Read the body as an object.

        Raises: ApiError 400.
        """
        if len(self.body) > MAX_BODY_BYTES:
            raise ApiError(413, 413, f"the body is larger than {MAX_BODY_BYTES} bytes")
        try:
            value = json.loads(self.body or b"{}")
        except (ValueError, RecursionError) as exc:
            raise ApiError(400, 400, "the body is not JSON") from exc
        if not isinstance(value, dict):
            raise ApiError(400, 400, "the body is no JSON object")
        return value


def user_of(authorization: str | None, otherwise: str) -> str:
    """Name who asks by the user name of basic authentication; no password is checked."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return otherwise
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return otherwise
    name = "".join(char for char in text.partition(":")[0] if char.isprintable())
    return name[:200] or otherwise


@dataclass(frozen=True, slots=True)
class Response:
    """A status and a JSON value."""

    status: int
    value: Any

    @property
    def body(self) -> bytes:
        return json.dumps(self.value, ensure_ascii=False).encode("utf-8", "surrogatepass")


class ApiError(Exception):
    """An answer other than 200; `code` is Confluent's error_code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(message)

    def response(self) -> Response:
        return Response(self.status, {"error_code": self.code, "message": self.message})


def subject_not_found(subject: str) -> ApiError:
    return ApiError(404, 40401, f"Subject '{subject}' not found.")


def version_not_found(version: object) -> ApiError:
    return ApiError(404, 40402, f"Version {version} not found.")


def schema_not_found(schema_id: object = "") -> ApiError:
    return ApiError(
        404, 40403, f"Schema {schema_id} not found" if schema_id else "Schema not found"
    )


def subject_config_missing(subject: str) -> ApiError:
    text = f"Subject '{subject}' does not have subject-level compatibility configured"
    return ApiError(404, 40408, text)


def subject_mode_missing(subject: str) -> ApiError:
    return ApiError(404, 40409, f"Subject '{subject}' does not have subject-level mode configured")


def invalid_schema(problem: str) -> ApiError:
    return ApiError(422, 42201, f"Invalid schema: {problem}")


def invalid_version(version: str) -> ApiError:
    return ApiError(
        422,
        42202,
        f"The specified version '{version}' is not a valid version id. Allowed values are between "
        '[1, 2^31-1] and the string "latest"',
    )


def invalid_level(level: object) -> ApiError:
    return ApiError(
        422,
        42203,
        f"Invalid compatibility level {level!r}. Valid values are none, backward, forward, full, "
        "backward_transitive, forward_transitive, and full_transitive",
    )


def invalid_mode(mode: object) -> ApiError:
    return ApiError(422, 42204, f"Invalid mode {mode!r}. Valid values are READWRITE and READONLY")


def not_permitted(problem: str) -> ApiError:
    return ApiError(422, 42205, problem)


def invalid_subject(subject: str) -> ApiError:
    return ApiError(
        422,
        42208,
        f"The specified subject '{subject}' is not a valid subject: a letter, then letters, "
        "digits, _ . -, at most 128",
    )

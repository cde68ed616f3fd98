"""What our own HTTP paths answer when they can't do what is asked."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer with a status and a code for programs.

    code: the status followed by two digits, as schema registries number them.
    """

    def __init__(self, status: int, code: int, message: str, **details: Any) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        super().__init__(message)

    def body(self) -> dict[str, Any]:
        """Return what goes out as JSON."""
        return {"error_code": self.code, "message": self.message, "details": self.details}


def not_found(what: str, remedy: str, code: int = 40401, **details: Any) -> ApiError:
    """Say that something named in the path is not there."""
    return ApiError(404, code, f"{what}; {remedy}", **details)

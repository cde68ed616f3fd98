"""What is wrong with bytes that are no value of a schema."""

from __future__ import annotations

from dataquarantine.outcomes import Code


class NotDecodable(ValueError):
    """Bytes are no Avro value of the schema; the message names the place, never a value."""

    def __init__(self, code: Code, problem: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self._path: list[str | int] = []

    def inside(self, segment: str | int) -> NotDecodable:
        """Note the field, key or index that was being read; called from the inside out."""
        self._path.insert(0, segment)
        return self

    @property
    def field_path(self) -> str | None:
        """Where, dotted (`items[0].price`); None for the value as a whole."""
        parts = [f"[{s}]" if isinstance(s, int) else f".{s}" for s in self._path]
        return "".join(parts).removeprefix(".") or None

    @property
    def message(self) -> str:
        """What and where."""
        return f"{self.field_path}: {self.problem}" if self._path else self.problem

    def __str__(self) -> str:
        return self.message


def cut_short() -> NotDecodable:
    """Make the error of bytes that end before the value does."""
    return NotDecodable(Code.NOT_AVRO, "the bytes end in the middle of the value")


class Unresolvable(Exception):
    """Data of the writer's schema can't be read as the reader's, whatever the data."""

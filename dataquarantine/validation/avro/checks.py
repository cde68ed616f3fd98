"""What the specification, or a bound on work and memory, forbids in an Avro schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.avro.defaults import plain

MAX_SCHEMA_DEPTH = 100
MAX_SCHEMA_NODES = 200_000
MAX_PRECISION = 1000
_LEAST_BYTES = {"null": 0, "float": 4, "double": 8}


def check_shape(definition: Any, where: str) -> None:
    """Refuse what could not be parsed in bounded depth and time, before it is parsed."""
    level, nodes = [definition], 0
    for _ in range(MAX_SCHEMA_DEPTH):
        level = [child for node in level for child in _children(node, where)]
        nodes += len(level)
        if nodes > MAX_SCHEMA_NODES:
            problem = f"the Avro schema has more than {MAX_SCHEMA_NODES} parts"
            raise InvalidSchema(problem, where=where, remedy="split it")
        if not level:
            return
    problem = f"the Avro schema is nested deeper than {MAX_SCHEMA_DEPTH}"
    raise InvalidSchema(problem, where=where, remedy="name the inner types and refer to them")


def _children(node: Any, where: str) -> list[Any]:
    if isinstance(node, list):
        return node
    if not isinstance(node, dict):
        return []
    for key in node:
        # fastavro takes a schema with its marks for one it has checked already
        if not isinstance(key, str) or key.startswith("__"):
            raise InvalidSchema(f"key {key!r} is not allowed", where=where, remedy="remove it")
    return list(node.values())


def check_types(parsed: Any, named: Mapping[str, Any], where: str) -> None:
    """Refuse types that no data can have, or whose data can't be bounded."""
    _Checker(named, where).least_bytes(parsed)


class _Checker:
    def __init__(self, named: Mapping[str, Any], where: str) -> None:
        self._named = named
        self._where = where
        self._open: set[str] = set()
        self._known: dict[str, int] = {}

    def least_bytes(self, schema: Any) -> int:
        """Compute how many bytes a value takes at least, checking every part on the way."""
        schema = plain(schema, self._named)
        if isinstance(schema, list):
            return self._union(schema)
        kind = schema["type"]
        if schema.get("logicalType") == "decimal":
            self._decimal(schema)
        if kind in ("record", "error"):
            return self._record(schema)
        if kind == "fixed":
            return int(schema["size"])
        if kind == "array":
            if not self.least_bytes(schema["items"]):
                self._refuse(
                    "array items that take no bytes let three bytes claim billions of them",
                    "give the items a field, or count them in a long",
                )
        if kind == "map":
            self.least_bytes(schema["values"])
        return _LEAST_BYTES.get(kind, 1)

    def _record(self, schema: dict[str, Any]) -> int:
        name = schema["name"]
        if name in self._open:
            return 1 << 62  # only a union or an empty list can end the recursion
        if name not in self._known:
            self._open.add(name)
            least = sum(self.least_bytes(field["type"]) for field in schema["fields"])
            self._open.discard(name)
            if least >= 1 << 62:
                self._refuse(f"a {name} always holds another, without end", "make it optional")
            self._known[name] = least
        return self._known[name]

    def _union(self, branches: list[Any]) -> int:
        if not branches:
            self._refuse("a union has no branches", "add at least one")
        kinds = [self._kind(branch) for branch in branches]
        if twice := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
            self._refuse(f"a union has {twice[0]} twice", "keep one of them")
        return 1 + min(self.least_bytes(branch) for branch in branches)

    def _kind(self, branch: Any) -> str:
        branch = plain(branch, self._named)
        if isinstance(branch, list):
            self._refuse("a union is a direct member of a union", "merge their branches")
        return str(branch.get("name", branch["type"]))

    def _decimal(self, schema: dict[str, Any]) -> None:
        precision, scale = schema.get("precision"), schema.get("scale", 0)
        if not isinstance(precision, int) or not 0 < precision <= MAX_PRECISION:
            self._refuse("a decimal's precision is no number from 1 to 1000", "correct it")
        elif not isinstance(scale, int) or not 0 <= scale <= precision:
            self._refuse("a decimal's scale is no number from 0 to its precision", "correct it")

    def _refuse(self, problem: str, remedy: str) -> None:
        raise InvalidSchema(problem, where=self._where, remedy=remedy)

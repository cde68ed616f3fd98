"""The compiled reader of one pair of schemas: how data was written, and how it is to be read.

Why not fastavro's own reader: it ends the process on 10,000 nested records, takes a negative
union index and numbers of any length, and rounds decimals (fastavro 1.13). This one is as fast,
because it is compiled to closures, and says which field is wrong. The official rules of schema
resolution are those of the Avro 1.12 specification, "Schema Resolution".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataquarantine.outcomes import Code
from dataquarantine.validation.avro import defaults
from dataquarantine.validation.avro.containers import (
    DROPPED,
    array_reader,
    converting_reader,
    enum_reader,
    map_reader,
    never_reader,
    record_reader,
    union_reader,
)
from dataquarantine.validation.avro.errors import NotDecodable, Unresolvable
from dataquarantine.validation.avro.logical import Convert, converter_of
from dataquarantine.validation.avro.primitives import (
    PRIMITIVES,
    Read,
    fixed_reader,
)

_TO_FLOAT = dict.fromkeys(
    [("int", "float"), ("int", "double"), ("long", "float"), ("long", "double")], float
)
_AS_IT_IS = {("int", "long"), ("float", "double")}


def _text_of_bytes(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NotDecodable(Code.INVALID_ENCODING, "bytes read as a string are no UTF-8") from None


class ReaderCompiler:
    """Compiles readers for one writer's and one reader's set of named types."""

    def __init__(self, writers: Mapping[str, Any], readers: Mapping[str, Any]) -> None:
        self._writers = writers
        self._readers = readers
        self._records: dict[tuple[str, str], Read] = {}

    def compile(self, writer: Any, reader: Any) -> Read:
        """Compile the reader of one type.

        Raises: Unresolvable when no data of the writer's type can be read as the reader's.
        """
        writer = defaults.plain(writer, self._writers)
        reader = defaults.plain(reader, self._readers)
        if isinstance(writer, list):
            return self._writer_union(writer, reader)
        if isinstance(reader, list):
            return self._reader_union(writer, reader)
        convert = _conversion(writer, reader)
        read = self._base(writer, reader)
        return converting_reader(read, convert) if convert else read

    def _base(self, writer: dict[str, Any], reader: dict[str, Any]) -> Read:
        wrote, wanted = writer["type"], reader["type"]
        if wrote != wanted:
            return _promoted(wrote, wanted)
        if wrote in PRIMITIVES:
            return PRIMITIVES[wrote]
        if wrote == "array":
            return array_reader(self.compile(writer["items"], reader["items"]))
        if wrote == "map":
            return map_reader(self.compile(writer["values"], reader["values"]))
        if not _same_name(writer, reader):
            raise Unresolvable(f"{writer['name']} is not {reader['name']}")
        if wrote == "enum":
            return enum_reader(writer["symbols"], reader)
        if wrote == "fixed":
            return _fixed(writer, reader)
        return self._record_once(writer, reader)

    def _writer_union(self, branches: list[Any], reader: Any) -> Read:
        reads: list[Read] = []
        reasons = []
        for branch in branches:
            try:
                reads.append(self.compile(branch, reader))
            except Unresolvable as exc:
                reads.append(never_reader(str(exc)))
                reasons.append(str(exc))
        if reasons and len(reasons) == len(branches):
            raise Unresolvable(reasons[0])
        return union_reader(reads)

    def _reader_union(self, writer: dict[str, Any], branches: list[Any]) -> Read:
        plain_branches = [defaults.plain(branch, self._readers) for branch in branches]
        plain_branches.sort(key=lambda branch: not _alike(writer, branch))  # stable
        for branch in plain_branches:
            try:
                return self.compile(writer, branch)
            except Unresolvable:
                continue
        raise Unresolvable(f"{_title(writer)} is no member of the reader's union")

    def _record_once(self, writer: dict[str, Any], reader: dict[str, Any]) -> Read:
        """Compile a record; a type that holds itself is entered through a reference."""
        names = writer["name"], reader["name"]
        if names in self._records:
            return self._records[names]
        before = dict(self._records)
        done: list[Read] = []
        self._records[names] = lambda data, at, depth: done[0](data, at, depth)
        try:
            done.append(self._record(writer, reader))
        except Unresolvable:
            self._records = before
            raise
        self._records[names] = done[0]
        return done[0]

    def _record(self, writer: dict[str, Any], reader: dict[str, Any]) -> Read:
        wanted = {field["name"]: field for field in reader["fields"]}
        by_alias = {alias: f for f in reader["fields"] for alias in f.get("aliases", ())}
        fields: list[tuple[Any, str, Read]] = []
        for field in writer["fields"]:
            name = field["name"]
            target = wanted.get(name) or by_alias.get(name)
            if target is None:
                # what is dropped is read all the same, by its own schema
                own = ReaderCompiler(self._writers, self._writers)
                fields.append((DROPPED, name, own.compile(field["type"], field["type"])))
                continue
            fields.append((target["name"], name, self._field(field, target, reader)))
            wanted.pop(target["name"], None)
        for name, field in wanted.items():
            if "default" not in field:
                raise Unresolvable(f"{reader['name']}.{name} has no default and was not written")
        missing = {
            name: defaults.value_of(field["type"], field["default"], self._readers)
            for name, field in wanted.items()
        }
        return record_reader(fields, missing)

    def _field(self, field: Any, target: Any, reader: dict[str, Any]) -> Read:
        try:
            return self.compile(field["type"], target["type"])
        except Unresolvable as exc:
            raise Unresolvable(f"{reader['name']}.{target['name']}: {exc}") from None


def _title(schema: dict[str, Any]) -> str:
    return str(schema.get("name", schema["type"]))


def _alike(writer: dict[str, Any], branch: dict[str, Any]) -> bool:
    """Tell whether a branch of the reader's union is of the writer's very type."""
    return (writer["type"], writer.get("name")) == (branch["type"], branch.get("name"))


def _same_name(writer: dict[str, Any], reader: dict[str, Any]) -> bool:
    known = [reader["name"], *reader.get("aliases", ())]
    return writer["name"].rpartition(".")[2] in {name.rpartition(".")[2] for name in known}


def _conversion(writer: dict[str, Any], reader: dict[str, Any]) -> Convert | None:
    wrote, wanted = writer.get("logicalType"), reader.get("logicalType")
    if wrote and wanted and wrote != wanted:
        raise Unresolvable(f"{wrote} is not {wanted}")
    if wrote == wanted == "decimal" and any(
        writer.get(key, 0) != reader.get(key, 0) for key in ("precision", "scale")
    ):
        raise Unresolvable("the decimals differ in precision or scale")
    return converter_of(reader)


def _promoted(wrote: str, wanted: str) -> Read:
    pair = wrote, wanted
    if pair in _AS_IT_IS:
        return PRIMITIVES[wrote]
    if pair in _TO_FLOAT:
        return converting_reader(PRIMITIVES[wrote], float)
    if pair == ("string", "bytes"):
        return converting_reader(PRIMITIVES[wrote], str.encode)
    if pair == ("bytes", "string"):
        return converting_reader(PRIMITIVES[wrote], _text_of_bytes)
    raise Unresolvable(f"{wrote} is not {wanted}")


def _fixed(writer: dict[str, Any], reader: dict[str, Any]) -> Read:
    if writer["size"] != reader["size"]:
        raise Unresolvable(f"{writer['name']} has {writer['size']} bytes, not {reader['size']}")
    return fixed_reader(writer["size"])

"""Compare two Avro schemas by the specification's schema resolution (1.12, "Schema Resolution").

Where a resolution is allowed but can fail or change meaning for single values (bytes read as a
string, a unit of time re-read), STRICT refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from dataquarantine.schemas.compatibility.avro_types import (
    AvroNames,
    AvroSchemaError,
    Type,
    read_type,
)
from dataquarantine.schemas.compatibility.report import Difference, Notes

#: reader <- writers it may be promoted from
PROMOTIONS = {
    "long": {"int"},
    "float": {"int", "long"},
    "double": {"int", "long", "float"},
    "string": {"bytes"},
    "bytes": {"string"},
}
MAX_DEPTH = 200


@dataclass
class AvroWalk(Notes):
    """The state of one comparison of a reader with a writer."""

    reader_names: AvroNames
    writer_names: AvroNames
    differences: list[Difference] = field(default_factory=list)
    active: frozenset[tuple[str, str]] = frozenset()
    depth: int = 0

    def findings(self, reader: Type, writer: Type, pointer: str) -> list[Difference]:
        """Compare apart, so that what is found may be thrown away."""
        inner = replace(self, differences=[], depth=self.depth + 1)
        inner.compare_types(reader, writer, pointer)
        return inner.differences

    def reader(self, schema: Any, within: Type) -> Type:
        return read_type(schema, within.namespace, self.reader_names)

    def writer(self, schema: Any, within: Type) -> Type:
        return read_type(schema, within.namespace, self.writer_names)

    def compare_types(self, reader: Type, writer: Type, pointer: str) -> None:
        """List what changes from writer to reader below a pointer."""
        if self.depth > MAX_DEPTH:
            self.note("TOO_LARGE_TO_COMPARE", pointer, "nested too deep to compare", undecided=True)
        elif writer.kind == "union":
            self._each_writer_branch(reader, writer, pointer)
        elif reader.kind == "union":
            self._some_reader_branch(reader, writer, pointer)
        elif reader.kind != writer.kind:
            self._promotion(reader, writer, pointer)
        elif reader.kind == "record":
            self._records(reader, writer, pointer)
        elif reader.kind == "enum":
            self._enums(reader, writer, pointer)
        elif reader.kind == "fixed":
            self._fixed(reader, writer, pointer)
        elif reader.kind in ("array", "map"):
            part = "items" if reader.kind == "array" else "values"
            self.differences += self.findings(
                self.reader(reader.schema[part], reader),
                self.writer(writer.schema[part], writer),
                f"{pointer}/{part}",
            )
        else:
            self._logical(reader, writer, pointer)

    def _each_writer_branch(self, reader: Type, writer: Type, pointer: str) -> None:
        branches = writer.schema["branches"]
        if reader.kind == "union" and len(reader.schema["branches"]) > len(branches):
            self.note("UNION_EXTENDED", pointer, "the reader knows more alternatives")
        for index, schema in enumerate(branches):
            branch = self.writer(schema, writer)
            at = f"{pointer}/{index}" if reader.kind == "union" else pointer
            found = self.findings(reader, branch, at)
            if reader.kind != "union" and any(d.breaks for d in found):
                text = f"the writer may send {branch.name}, which the reader does not take"
                self.note("MISSING_UNION_BRANCH", pointer, text, breaks=True)
            self.differences += found

    def _some_reader_branch(self, reader: Type, writer: Type, pointer: str) -> None:
        """Take the branch that a reader settles on: its own type first, then the first to resolve.

        A branch is passed over for its type or name alone, not for what lies inside it.
        """
        branches = [self.reader(schema, reader) for schema in reader.schema["branches"]]
        branches.sort(key=lambda b: (b.kind, b.name) != (writer.kind, writer.name))
        for branch in branches:
            found = self.findings(branch, writer, pointer)
            if not any(_is_other_type(d, pointer) for d in found):
                self.differences += found
                return
        text = f"the writer may send {writer.name}, which no alternative takes"
        self.note("MISSING_UNION_BRANCH", pointer, text, breaks=True)

    def _promotion(self, reader: Type, writer: Type, pointer: str) -> None:
        text = f"{writer.name} became {reader.name}"
        if writer.kind not in PROMOTIONS.get(reader.kind, ()):
            self.note("TYPE_MISMATCH", pointer, text, breaks=True)
        elif (reader.kind, writer.kind) == ("string", "bytes"):
            text += "; bytes that are no UTF-8 can't be read"
            self.note("BYTES_READ_AS_STRING", pointer, text, breaks=True, tolerated=True)
        else:
            self.note("TYPE_PROMOTED", pointer, text)
            self._logical(reader, writer, pointer)

    def _records(self, reader: Type, writer: Type, pointer: str) -> None:
        self._name(reader, writer, pointer)
        pair = (reader.name, writer.name)
        if pair in self.active:
            return
        inner = replace(self, active=self.active | {pair})
        old = {part["name"]: part for part in writer.schema["fields"]}
        taken: set[str] = set()
        for index, part in enumerate(reader.schema["fields"]):
            names = [part["name"], *part.get("aliases", ())]
            source = next((old[name] for name in names if name in old), None)
            at = f"{pointer}/fields/{index}"
            if source is None:
                _note_new_field(self, part, at)
                continue
            taken.add(source["name"])
            if source["name"] != part["name"]:
                text = f"{source['name']!r} is read as {part['name']!r} by its alias"
                self.note("FIELD_RENAMED", at, text)
            if part.get("default", ...) != source.get("default", ...):
                self.note("DEFAULT_CHANGED", f"{at}/default", "the default changed")
            self.differences += inner.findings(
                self.reader(part["type"], reader), self.writer(source["type"], writer), f"{at}/type"
            )
        for name in old:
            if name not in taken:
                text = f"{name!r} is no longer read; what the writer sends there is skipped"
                self.note("FIELD_REMOVED", f"{pointer}/fields", text)

    def _enums(self, reader: Type, writer: Type, pointer: str) -> None:
        self._name(reader, writer, pointer)
        new, old = reader.schema["symbols"], writer.schema["symbols"]
        lost = [symbol for symbol in old if symbol not in new]
        at = f"{pointer}/symbols"
        if lost and reader.schema.get("default") in new:
            text = f"{', '.join(lost)} is read as the default {reader.schema['default']!r}"
            self.note("ENUM_SYMBOLS_DEFAULTED", at, text)
        elif lost:
            text = f"the reader does not know {', '.join(lost)}"
            self.note("MISSING_ENUM_SYMBOLS", at, text, breaks=True)
        if added := [symbol for symbol in new if symbol not in old]:
            self.note("ENUM_ARRAY_EXTENDED", at, f"{', '.join(added)} may be sent as well")

    def _fixed(self, reader: Type, writer: Type, pointer: str) -> None:
        self._name(reader, writer, pointer)
        if reader.schema["size"] != writer.schema["size"]:
            text = f"size was {writer.schema['size']}, is {reader.schema['size']}"
            self.note("FIXED_SIZE_MISMATCH", f"{pointer}/size", text, breaks=True)
        self._logical(reader, writer, pointer)

    def _name(self, reader: Type, writer: Type, pointer: str) -> None:
        if not _names_match(reader, writer):
            text = f"{writer.name} became {reader.name}, without an alias"
            self.note("NAME_MISMATCH", f"{pointer}/name", text, breaks=True)

    def _logical(self, reader: Type, writer: Type, pointer: str) -> None:
        new, old = reader.logical, writer.logical
        at = f"{pointer}/logicalType"
        if new != old:
            text = f"logicalType was {old}, is {new}"
            if new is None:
                self.note("LOGICAL_TYPE_REMOVED", at, f"{text}; the plain value is read")
            else:
                code = "LOGICAL_TYPE_ADDED" if old is None else "LOGICAL_TYPE_CHANGED"
                self.note(code, at, text, breaks=True, tolerated=old is None)
        elif new == "decimal":
            was, now = (
                (t.schema.get("precision"), t.schema.get("scale", 0)) for t in (writer, reader)
            )
            if was != now:
                text = f"decimal was precision, scale {was}, is {now}"
                self.note("DECIMAL_CHANGED", at, text, breaks=True)


def _names_match(reader: Type, writer: Type) -> bool:
    """Compare unqualified names, and the reader's aliases with the writer's full name."""
    if reader.kind not in ("record", "enum", "fixed"):
        return True
    if reader.name.rpartition(".")[2] == writer.name.rpartition(".")[2]:
        return True
    aliases = [
        alias if "." in alias or not reader.namespace else f"{reader.namespace}.{alias}"
        for alias in reader.schema.get("aliases", ())
    ]
    return writer.name in aliases


def _is_other_type(difference: Difference, pointer: str) -> bool:
    return (difference.code, difference.pointer) in (
        ("TYPE_MISMATCH", pointer),
        ("NAME_MISMATCH", f"{pointer}/name"),
    )


def _note_new_field(walk: AvroWalk, part: dict[str, Any], pointer: str) -> None:
    name = part["name"]
    if "default" in part:
        text = f"{name!r} is new and has a default for records without it"
        walk.note("FIELD_WITH_DEFAULT_ADDED", pointer, text)
    else:
        text = f"{name!r} is new and has no default for records without it"
        walk.note("READER_FIELD_MISSING_DEFAULT_VALUE", pointer, text, breaks=True)


def compare_avro(reader: Any, writer: Any) -> list[Difference]:
    """Return the differences from writer to reader.

    Raises: AvroSchemaError when one of them is no Avro schema.
    """
    names = AvroNames.of(reader), AvroNames.of(writer)
    walk = AvroWalk(*names)
    try:
        walk.compare_types(read_type(reader, "", names[0]), read_type(writer, "", names[1]), "")
    except (KeyError, TypeError, AttributeError) as exc:
        raise AvroSchemaError(
            f"a part of an Avro schema is missing or of a wrong type: {exc}"
        ) from exc
    return walk.differences

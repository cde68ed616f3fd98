"""Pairs of schemas, and what each mode and policy says of them: the table of the reference page.

`python -m tests.unit.schemas.compatibility_cases` prints the tables for
docs/reference/compatibility.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dataquarantine.schemas.compatibility import CompatibilityReport, Policy, compare_schemas

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}


@dataclass(frozen=True)
class Case:
    """One change.

    code: the difference that BACKWARD (the new version reads) must name; of FORWARD when only
        that direction breaks.
    answers: BACKWARD STRICT, BACKWARD LENIENT, FORWARD STRICT, FORWARD LENIENT; `y` or `n`.
    """

    change: str
    old: Any
    new: Any
    code: str
    answers: str
    kind: Any = "json_schema"

    def report(self, direction: str, policy: Policy) -> CompatibilityReport:
        reader, writer = (self.new, self.old) if direction == "BACKWARD" else (self.old, self.new)
        return compare_schemas(reader, writer, kind=self.kind, policy=policy)


def obj(required: str = "", *, closed: bool = False, **properties: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        made["required"] = required.split()
    if closed:
        made["additionalProperties"] = False
    return made


def rec(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "event", "fields": list(fields), **more}


def f(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def limited(**keywords: Any) -> dict[str, Any]:
    return obj(a={"type": "string", **keywords})


def within(**keywords: Any) -> dict[str, Any]:
    return obj(a={"type": "number", **keywords})


def listed(**keywords: Any) -> dict[str, Any]:
    return obj(a={"type": "array", **keywords})


NODE = {"$ref": "#/$defs/node"}


def tree(**value: Any) -> dict[str, Any]:
    return {**NODE, "$defs": {"node": obj(value={"type": "integer", **value}, next=NODE)}}


JSON_CASES = (
    Case(
        "an optional property is added, open object",
        obj(a=TEXT),
        obj(a=TEXT, b=NUMBER),
        "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
        "nyyy",
    ),
    Case(
        "an optional property is added, closed object",
        obj(a=TEXT, closed=True),
        obj(a=TEXT, b=NUMBER, closed=True),
        "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        "yynn",
    ),
    Case(
        "a property without demands is added, open object",
        obj(a=TEXT),
        obj(a=TEXT, b={}),
        "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
        "yyyy",
    ),
    Case(
        "a required property is added, open object",
        obj(a=TEXT),
        obj("b", a=TEXT, b=NUMBER),
        "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
        "nnyy",
    ),
    Case(
        "a required property with a default is added, open object",
        obj(a=TEXT),
        obj("b", a=TEXT, b={"type": "integer", "default": 0}),
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
        "nnyy",
    ),
    Case(
        "a required property is added, closed object",
        obj(a=TEXT, closed=True),
        obj("b", a=TEXT, b=NUMBER, closed=True),
        "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        "nnnn",
    ),
    Case(
        "an optional property is dropped, open object",
        obj(a=TEXT, b=NUMBER),
        obj(a=TEXT),
        "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
        "yyny",
    ),
    Case(
        "a required property is dropped, open object",
        obj("b", a=TEXT, b=NUMBER),
        obj(a=TEXT),
        "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
        "yynn",
    ),
    Case(
        "an optional property is dropped, closed object",
        obj(a=TEXT, b=NUMBER, closed=True),
        obj(a=TEXT, closed=True),
        "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        "nnyy",
    ),
    Case(
        "a forbidden property is no longer named, closed object",
        obj(a=TEXT, b=False, closed=True),
        obj(a=TEXT, closed=True),
        "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        "yyyy",
    ),
    Case(
        "an optional property becomes required",
        obj(a=TEXT),
        obj("a", a=TEXT),
        "REQUIRED_ATTRIBUTE_ADDED",
        "nnyy",
    ),
    Case(
        "a required property becomes optional",
        obj("a", a=TEXT),
        obj(a=TEXT),
        "REQUIRED_ATTRIBUTE_REMOVED",
        "yynn",
    ),
    Case(
        "an open object is closed",
        obj(a=TEXT),
        obj(a=TEXT, closed=True),
        "ADDITIONAL_PROPERTIES_REMOVED",
        "nyyy",
    ),
    Case(
        "other properties get a schema",
        obj(a=TEXT),
        {**obj(a=TEXT), "additionalProperties": TEXT},
        "ADDITIONAL_PROPERTIES_NARROWED",
        "nyyy",
    ),
    Case(
        "a property moves under the schema for others, which fits",
        {**obj(a=TEXT, b=TEXT), "additionalProperties": TEXT},
        {**obj(a=TEXT), "additionalProperties": TEXT},
        "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        "yyyy",
    ),
    Case(
        "a property moves under the schema for others, which does not fit",
        {**obj(a=TEXT, b=NUMBER), "additionalProperties": TEXT},
        {**obj(a=TEXT), "additionalProperties": TEXT},
        "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        "nnnn",
    ),
    Case(
        "names of a pattern get a schema, open object",
        obj(a=TEXT),
        {**obj(a=TEXT), "patternProperties": {"^x_": TEXT}},
        "PATTERN_PROPERTY_ADDED",
        "nyyy",
    ),
    Case(
        "property names must fit a pattern",
        {"type": "object"},
        {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}},
        "PROPERTY_NAMES_ADDED",
        "nyyy",
    ),
    Case(
        "one property demands another",
        obj(a=TEXT, b=TEXT),
        {**obj(a=TEXT, b=TEXT), "dependentRequired": {"a": ["b"]}},
        "DEPENDENCY_ARRAY_ADDED",
        "nnyy",
    ),
    Case(
        "the number of properties is limited",
        obj(a=TEXT),
        {**obj(a=TEXT), "maxProperties": 5},
        "MAX_PROPERTIES_ADDED",
        "nyyy",
    ),
    Case("a type takes more", obj(a=NUMBER), obj(a={"type": "number"}), "TYPE_EXTENDED", "yynn"),
    Case(
        "a type takes less",
        obj(a={"type": ["string", "null"]}),
        obj(a=TEXT),
        "TYPE_NARROWED",
        "nnyy",
    ),
    Case("a type is another one", obj(a=TEXT), obj(a=NUMBER), "TYPE_CHANGED", "nnnn"),
    Case(
        "a value is added to an enumeration",
        obj(a={"enum": ["x"]}),
        obj(a={"enum": ["x", "y"]}),
        "ENUM_ARRAY_EXTENDED",
        "yynn",
    ),
    Case(
        "a value is taken from an enumeration",
        obj(a={"enum": ["x", "y"]}),
        obj(a={"enum": ["x"]}),
        "ENUM_ARRAY_NARROWED",
        "nnyy",
    ),
    Case(
        "values of an enumeration are exchanged",
        obj(a={"enum": ["x", "y"]}),
        obj(a={"enum": ["x", "z"]}),
        "ENUM_ARRAY_CHANGED",
        "nnnn",
    ),
    Case(
        "text is limited to listed values",
        obj(a=TEXT),
        obj(a={"type": "string", "enum": ["x"]}),
        "ENUM_ARRAY_ADDED",
        "nnyy",
    ),
    Case("a maximum length is added", limited(), limited(maxLength=5), "MAX_LENGTH_ADDED", "nnyy"),
    Case(
        "a maximum length shrinks",
        limited(maxLength=5),
        limited(maxLength=3),
        "MAX_LENGTH_DECREASED",
        "nnyy",
    ),
    Case(
        "a maximum length grows",
        limited(maxLength=5),
        limited(maxLength=9),
        "MAX_LENGTH_INCREASED",
        "yynn",
    ),
    Case(
        "a minimum length grows",
        limited(minLength=1),
        limited(minLength=2),
        "MIN_LENGTH_INCREASED",
        "nnyy",
    ),
    Case("a pattern is added", limited(), limited(pattern="^a"), "PATTERN_ADDED", "nnyy"),
    Case("a pattern is removed", limited(pattern="^a"), limited(), "PATTERN_REMOVED", "yynn"),
    Case(
        "a pattern is another one",
        limited(pattern="^a"),
        limited(pattern="^b"),
        "PATTERN_CHANGED",
        "nnnn",
    ),
    Case("a format is added", limited(), limited(format="date-time"), "FORMAT_ADDED", "nnyy"),
    Case("a maximum shrinks", within(maximum=10), within(maximum=9), "MAXIMUM_DECREASED", "nnyy"),
    Case("a minimum is added", within(), within(minimum=0), "MINIMUM_ADDED", "nnyy"),
    Case(
        "a maximum becomes exclusive",
        within(maximum=10),
        within(exclusiveMaximum=10),
        "EXCLUSIVE_MAXIMUM_ADDED",
        "nnyy",
    ),
    Case(
        "a divisor is divided",
        within(multipleOf=4),
        within(multipleOf=2),
        "MULTIPLE_OF_REDUCED",
        "yynn",
    ),
    Case(
        "a divisor is multiplied",
        within(multipleOf=2),
        within(multipleOf=4),
        "MULTIPLE_OF_EXPANDED",
        "nnyy",
    ),
    Case("items get a schema", listed(), listed(items=TEXT), "ADDITIONAL_ITEMS_NARROWED", "nnyy"),
    Case(
        "items must differ",
        listed(items=TEXT),
        listed(items=TEXT, uniqueItems=True),
        "UNIQUE_ITEMS_ADDED",
        "nnyy",
    ),
    Case(
        "fewer items are allowed",
        listed(maxItems=5),
        listed(maxItems=3),
        "MAX_ITEMS_DECREASED",
        "nnyy",
    ),
    Case(
        "an item position is added, no further items allowed before",
        listed(prefixItems=[TEXT], items=False),
        listed(prefixItems=[TEXT, NUMBER], items=False),
        "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
        "yynn",
    ),
    Case("some item must fit", listed(), listed(contains=TEXT), "CONTAINS_ADDED", "nnyy"),
    Case("an alternative is added", obj(a=TEXT), obj(a={"anyOf": [TEXT, NUMBER]}), "", "yynn"),
    Case(
        "an alternative is taken away",
        obj(a={"anyOf": [TEXT, NUMBER, {"type": "null"}]}),
        obj(a={"anyOf": [TEXT, NUMBER]}),
        "SUM_TYPE_NARROWED",
        "nnyy",
    ),
    Case(
        "one more schema must fit",
        obj(a=TEXT),
        {"allOf": [obj(a=TEXT), {"not": obj("b")}]},
        "NOT_TYPE_NARROWED",
        "nnyy",
    ),
    Case(
        "a condition is added",
        obj(a=TEXT, b=TEXT),
        {**obj(a=TEXT, b=TEXT), "if": obj("a"), "then": obj("b")},
        "CONDITION_CHANGED",
        "nnyy",
    ),
    Case("a recursive schema gets a limit", tree(), tree(minimum=0), "MINIMUM_ADDED", "nnyy"),
    Case(
        "only texts for people change",
        obj(a=TEXT),
        {**obj(a={**TEXT, "description": "a letter"}), "title": "event"},
        "TITLE_CHANGED",
        "yyyy",
    ),
)

AVRO_CASES = (
    Case(
        "a field with a default is added",
        rec(f("a", "int")),
        rec(f("a", "int"), f("b", "string", default="")),
        "FIELD_WITH_DEFAULT_ADDED",
        "yyyy",
        "avro",
    ),
    Case(
        "a field without a default is added",
        rec(f("a", "int")),
        rec(f("a", "int"), f("b", "string")),
        "READER_FIELD_MISSING_DEFAULT_VALUE",
        "nnyy",
        "avro",
    ),
    Case(
        "a field without a default is removed",
        rec(f("a", "int"), f("b", "string")),
        rec(f("a", "int")),
        "FIELD_REMOVED",
        "yynn",
        "avro",
    ),
    Case(
        "a field is renamed with an alias",
        rec(f("a", "int")),
        rec(f("b", "int", aliases=["a"])),
        "FIELD_RENAMED",
        "yynn",
        "avro",
    ),
    Case(
        "int becomes long", rec(f("a", "int")), rec(f("a", "long")), "TYPE_PROMOTED", "yynn", "avro"
    ),
    Case(
        "long becomes double",
        rec(f("a", "long")),
        rec(f("a", "double")),
        "TYPE_PROMOTED",
        "yynn",
        "avro",
    ),
    Case(
        "string becomes bytes",
        rec(f("a", "string")),
        rec(f("a", "bytes")),
        "TYPE_PROMOTED",
        "yyny",
        "avro",
    ),
    Case(
        "bytes become string",
        rec(f("a", "bytes")),
        rec(f("a", "string")),
        "BYTES_READ_AS_STRING",
        "nyyy",
        "avro",
    ),
    Case(
        "string becomes int",
        rec(f("a", "string")),
        rec(f("a", "int")),
        "TYPE_MISMATCH",
        "nnnn",
        "avro",
    ),
    Case(
        "a type becomes optional",
        rec(f("a", "int")),
        rec(f("a", ["null", "int"])),
        "",
        "yynn",
        "avro",
    ),
    Case(
        "an optional type becomes certain",
        rec(f("a", ["null", "int"])),
        rec(f("a", "int")),
        "MISSING_UNION_BRANCH",
        "nnyy",
        "avro",
    ),
    Case(
        "an alternative is added",
        rec(f("a", ["null", "int"])),
        rec(f("a", ["null", "int", "string"])),
        "UNION_EXTENDED",
        "yynn",
        "avro",
    ),
    Case(
        "a symbol is added",
        rec(f("a", {"type": "enum", "name": "e", "symbols": ["A"]})),
        rec(f("a", {"type": "enum", "name": "e", "symbols": ["A", "B"]})),
        "ENUM_ARRAY_EXTENDED",
        "yynn",
        "avro",
    ),
    Case(
        "a symbol is added and there is a default",
        rec(f("a", {"type": "enum", "name": "e", "symbols": ["A"], "default": "A"})),
        rec(f("a", {"type": "enum", "name": "e", "symbols": ["A", "B"], "default": "A"})),
        "ENUM_ARRAY_EXTENDED",
        "yyyy",
        "avro",
    ),
    Case(
        "a symbol is removed",
        rec(f("a", {"type": "enum", "name": "e", "symbols": ["A", "B"]})),
        rec(f("a", {"type": "enum", "name": "e", "symbols": ["A"]})),
        "MISSING_ENUM_SYMBOLS",
        "nnyy",
        "avro",
    ),
    Case(
        "a fixed type has another size",
        rec(f("a", {"type": "fixed", "name": "x", "size": 2})),
        rec(f("a", {"type": "fixed", "name": "x", "size": 4})),
        "FIXED_SIZE_MISMATCH",
        "nnnn",
        "avro",
    ),
    Case(
        "the record has another name",
        rec(f("a", "int")),
        {**rec(f("a", "int")), "name": "other"},
        "NAME_MISMATCH",
        "nnnn",
        "avro",
    ),
    Case(
        "a number becomes a point in time",
        rec(f("a", "long")),
        rec(f("a", {"type": "long", "logicalType": "timestamp-millis"})),
        "LOGICAL_TYPE_ADDED",
        "nyyy",
        "avro",
    ),
    Case(
        "milliseconds become microseconds",
        rec(f("a", {"type": "long", "logicalType": "timestamp-millis"})),
        rec(f("a", {"type": "long", "logicalType": "timestamp-micros"})),
        "LOGICAL_TYPE_CHANGED",
        "nnnn",
        "avro",
    ),
    Case(
        "a decimal has another scale",
        rec(f("a", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2})),
        rec(f("a", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3})),
        "DECIMAL_CHANGED",
        "nnnn",
        "avro",
    ),
)

COLUMNS = (
    ("BACKWARD", Policy.STRICT),
    ("BACKWARD", Policy.LENIENT),
    ("FORWARD", Policy.STRICT),
    ("FORWARD", Policy.LENIENT),
)


def table(cases: tuple[Case, ...]) -> str:
    """Write the cases as the reference page shows them; FULL is both directions."""
    lines = [
        "| change, old to new | difference | BACKWARD | FORWARD | FULL |",
        "|---|---|---|---|---|",
    ]
    for case in cases:
        strict, lenient = case.answers[::2], case.answers[1::2]
        cells = [_cell(s, len_) for s, len_ in zip(strict, lenient, strict=True)]
        full = _cell("y" if strict == "yy" else "n", "y" if lenient == "yy" else "n")
        code = f"`{case.code}`" if case.code else "none that refuses"
        lines.append(f"| {case.change} | {code} | {cells[0]} | {cells[1]} | {full} |")
    return "\n".join(lines)


def _cell(strict: str, lenient: str) -> str:
    if strict == lenient:
        return "yes" if strict == "y" else "no"
    return "LENIENT only"


if __name__ == "__main__":
    print(table(JSON_CASES), table(AVRO_CASES), sep="\n\n")

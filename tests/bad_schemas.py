"""Schema files that nobody should write, and what is said of each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class BadSchema:
    """A file's content and the one line that tells what is wrong with it.

    line: of the file; None where it is about the file as a whole. error: the file judges nothing;
    otherwise it is advice.
    """

    content: str
    line: int | None
    problem: str
    remedy: str
    error: bool = True
    suffix: str = ".yaml"


def _yaml(**more: Any) -> str:
    """Write a file whose fifth line is the first of `more`, a line for each key and item."""
    values = {"name": "NAME", "version": "1.0.0", "description": "d", "owner": "o", **more}
    return str(yaml.safe_dump(values, sort_keys=False, width=10_000))


def _deep(levels: int) -> str:
    inner = '{"properties":{"a":' * levels + "{}" + "}}" * levels
    return (
        '{"name":"NAME","version":"1.0.0","description":"d","owner":"o",\n"schema":' + inner + "}"
    )


BAD_SCHEMAS: dict[str, BadSchema] = {
    "no_schema": BadSchema(
        _yaml(schema=7), 5, "a JSON Schema is an object or a boolean", "write it as a mapping"
    ),
    "wrong_keyword_value": BadSchema(
        _yaml(schema={"type": "strin"}), 6, '"strin" is not valid', "see the draft's specification"
    ),
    "unknown_key": BadSchema(_yaml(shema={}), 5, "shema: unknown key", "see the schema file"),
    "unknown_keyword": BadSchema(
        _yaml(schema={"requierd": ["a"], "properties": {"a": {}}}),
        6,
        "the keyword 'requierd' is unknown, so nothing is checked",
        "did you mean 'required'?",
        error=False,
    ),
    "unknown_format": BadSchema(
        _yaml(schema={"properties": {"a": {"format": "emial"}}}),
        8,
        "the format 'emial' is unknown, so nothing is checked",
        "did you mean 'email'?",
        error=False,
    ),
    "unresolvable_ref": BadSchema(
        _yaml(schema={"$ref": "#/$defs/absent"}), 5, "a $ref leads nowhere", "correct the $ref"
    ),
    "remote_ref": BadSchema(
        _yaml(schema={"$ref": "http://127.0.0.1:9/s.json"}),
        5,
        "leads to no registered schema (nothing is ever fetched)",
        "register a schema with that $id",
    ),
    "foreign_regex": BadSchema(
        _yaml(schema={"properties": {"a": {"pattern": "(?P<x>a)"}}}),
        8,
        "pattern '(?P<x>a)' is refused",
        "write it without that, or as a rule",
    ),
    "exploding_regex": BadSchema(
        _yaml(schema={"properties": {"a": {"pattern": "^(a|a?)+\\1$"}}}),
        8,
        "is refused",
        "write it without that, or as a rule",
    ),
    "huge_regex": BadSchema(
        _yaml(schema={"properties": {"a": {"pattern": "((a{1000}){1000}){1000}"}}}),
        8,
        "is refused",
        "write it without that, or as a rule",
    ),
    "rule_typo": BadSchema(
        _yaml(
            schema={
                "type": "object",
                "properties": {"timestamp": {"type": "string", "format": "date-time"}},
            },
            rules=[{"name": "past", "expression": "timestmp <= now()"}],
        ),
        12,
        "no field 'timestmp' in the schema",
        "did you mean 'timestamp'?",
    ),
    "foreign_model": BadSchema(
        _yaml(type="pydantic", model="os.path:join"),
        6,
        "module os.path is not in an allowed package",
        "schemas.model_packages",
    ),
    "five_megabytes": BadSchema(
        _yaml(schema={}) + "# " + "x" * 5_000_000 + "\n",
        None,
        "the file holds 4.8 MB, more than 4 MB",
        "split it into schemas that refer to each other",
    ),
    "two_thousand_deep": BadSchema(
        _deep(2000), 2, "nested deeper than 200 levels", "use $defs and $ref", suffix=".json"
    ),
    "no_yaml": BadSchema("name: [\n", 2, "not YAML", "correct the YAML"),
    "no_text": BadSchema("name: \x00\n", 1, "not YAML", "correct the YAML"),
}
#: Large, and nothing is wrong with it.
TEN_THOUSAND_PROPERTIES = json.dumps(
    {
        "name": "ten_thousand_properties",
        "version": "1.0.0",
        "description": "d",
        "owner": "o",
        "schema": {"properties": {f"p_{n}": {"type": "integer"} for n in range(10_000)}},
    }
)


def write_bad_schemas(folder: Path) -> dict[str, Path]:
    """Write each into a folder of schemas; returns the paths by name."""
    paths = {}
    for name, bad in BAD_SCHEMAS.items():
        path = folder / name / f"1.0.0{bad.suffix}"
        path.parent.mkdir(parents=True)
        path.write_text(bad.content.replace("NAME", name), "utf-8")
        paths[name] = path
    return paths

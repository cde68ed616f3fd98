"""`validate` reads NDJSON, JSON and Avro files, told apart by their contents."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest
import yaml
from click.testing import CliRunner, Result

from dataquarantine.cli import main
from dataquarantine.cli.record_files import open_records

GOOD = {"_schema": "order", "id": "a1", "price": 1.5}
BAD = {"_schema": "order", "id": "a2", "price": -1}
JSON_SCHEMA = {
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "price": {"minimum": 0}},
}
AVRO = {
    "type": "record",
    "name": "com.acme.payment",
    "fields": [{"name": "id", "type": "string"}, {"name": "price", "type": "double"}],
}
#: What readers use now; files written before lack the last field.
AVRO_NOW = {
    **AVRO,
    "fields": [*AVRO["fields"], {"name": "currency", "type": "string", "default": "EUR"}],
}
RULES = [{"name": "not_negative", "expression": "price >= 0.0"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents: list[dict[str, Any]] = [
        {"name": "order", "version": "1.0.0", "schema": JSON_SCHEMA},
        {
            "name": "payment",
            "version": "1.1.0",
            "type": "avro",
            "schema": AVRO_NOW,
            "rules": [*RULES, {"name": "euro", "expression": "currency == 'EUR'"}],
        },
    ]
    for document in documents:
        path = tmp_path / "schemas" / document["name"] / f"{document['version']}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(yaml.safe_dump(document), "utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    environ = {"DQ_SCHEMAS__FOLDER": str(folder / "schemas")}
    return CliRunner().invoke(main, ["validate", *arguments], env=environ)


def written(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def avro(schema: Any, *records: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    fastavro.writer(file, schema, records, codec="deflate")
    return file.getvalue()


def found(result: Result) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(result.stdout)
    return shown


LINES = f"{json.dumps(GOOD)}\n\n{json.dumps(BAD)}\n".encode()
FORMS = {
    "lines, one blank": (LINES, "line", 3),
    "lines without an end": (LINES.rstrip(b"\n"), "line", 3),
    "blank lines first": (b"\n \n" + LINES, "line", 5),
    "a broken line first": (b'{"id":\n' + LINES, "line", 1),
    "array in one line": (json.dumps([GOOD, BAD]).encode(), "record", 2),
    "array in many lines": (json.dumps([GOOD, BAD], indent=2).encode(), "record", 2),
    "one document in many lines": (json.dumps(BAD, indent=2).encode(), "record", 1),
}


@pytest.mark.parametrize(("content", "kind", "position"), FORMS.values(), ids=list(FORMS))
def test_json_in_any_form_is_judged(folder: Path, content: bytes, kind: str, position: int) -> None:
    result = run(folder, written(folder, "orders.json", content), "--json")

    shown = found(result)
    assert result.exit_code == 1
    assert shown["items"][0][kind] == position
    assert [item["code"] for item in shown["items"]][-1] == "OUT_OF_RANGE"


def test_items_of_an_array_keep_their_bytes() -> None:
    text = b'[ {"a": 1.10, "b":12345678901234567890123} ,\n{"a":1e2}]'

    records = open_records(io.BytesIO(text)).records

    assert [found.value for found in records] == [
        b'{"a": 1.10, "b":12345678901234567890123}',
        b'{"a":1e2}',
    ]


def test_a_format_that_is_said_is_not_guessed(folder: Path) -> None:
    file = written(folder, "x", b"[1]\n[2]\n")

    assert found(run(folder, file, "--json", "--format", "ndjson"))["records"] == 2
    assert found(run(folder, file, "--json", "--format", "json"))["records"] == 1


def test_an_avro_file_is_judged_by_its_schemas_name(folder: Path) -> None:
    content = avro(AVRO, {"id": "a", "price": 2.0}, {"id": "b", "price": -2.0})

    result = run(folder, written(folder, "payments.avro", content), "--json")

    shown = found(result)
    assert (result.exit_code, shown["records"], shown["valid"]) == (1, 2, 1)
    (item,) = shown["items"]
    assert (item["schema"], item["code"], item["record"]) == ("payment@1.1.0", "RULE_FAILED", 2)


def test_an_avro_file_is_judged_by_a_json_schema(folder: Path) -> None:
    content = avro(AVRO, {"id": "a", "price": 2.0}, {"id": "b", "price": -2.0})

    result = run(folder, written(folder, "p.avro", content), "--schema", "order", "--json")

    assert found(result)["codes"] == {"OUT_OF_RANGE": 1}


def test_an_avro_file_of_an_unknown_schema_says_what_to_do(folder: Path) -> None:
    content = avro({**AVRO, "name": "com.acme.refund"}, {"id": "a", "price": 2.0})

    result = run(folder, written(folder, "r.avro", content))

    assert result.exit_code == 2
    assert "com.acme.refund is not registered; name one by --schema" in result.stderr


def test_a_damaged_avro_file_is_judged_up_to_the_damage(folder: Path) -> None:
    content = avro(AVRO, *({"id": str(n), "price": 2.0} for n in range(5000)))

    result = run(folder, written(folder, "d.avro", content[: len(content) // 2]), "--json")

    assert result.exit_code == 1
    assert found(result)["codes"] == {"NOT_AVRO": 1}


def test_a_file_that_is_no_avro_is_refused(folder: Path) -> None:
    result = run(folder, written(folder, "no.avro", b"Obj\x01nonsense"))

    assert result.exit_code == 1
    assert "no.avro: no Avro file" in result.stderr


def test_remediated_records_are_counted_among_the_valid(folder: Path) -> None:
    path = folder / "schemas" / "order" / "1.0.0.yaml"
    document = {**yaml.safe_load(path.read_text()), "remediation": [{"trim": "id"}]}
    document["schema"]["properties"]["id"]["pattern"] = "^[a-z0-9]+$"
    path.write_text(yaml.safe_dump(document))

    result = run(folder, written(folder, "x", json.dumps({**GOOD, "id": " a1 "}).encode()))

    assert result.stdout == (
        "1 records, 1 valid, 0 invalid, 1 of the valid ones after remediation\n"
    )

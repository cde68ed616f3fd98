"""`schema infer` proposes what its samples pass; `schema test` says what happens to examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from dataquarantine.cli import main
from dataquarantine.schemas.files import load_schema_file
from dataquarantine.validation.compiled import SchemaCompiler
from tests.unit.validation.judging import NOW

ORDER: dict[str, Any] = {
    "name": "order",
    "version": "1.0.0",
    "description": "An order.",
    "owner": "team",
    "schema": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z]+$"},
            "price": {"type": "number"},
        },
    },
    "rules": [
        {"name": "cheap", "expression": "price < 100.0", "severity": "warn"},
        {"name": "positive", "expression": "price > 0.0"},
    ],
    "remediation": [{"trim": "id"}, {"lower": "id"}],
}


def write(folder: Path, **changes: Any) -> Path:
    document = {**ORDER, **changes}
    path: Path = folder / document["name"] / f"{document['version']}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


def run(folder: Path, *arguments: str, text: str = "") -> Result:
    environ = {"DQ_SCHEMAS__FOLDER": str(folder)}
    return CliRunner().invoke(main, ["schema", *arguments], env=environ, input=text)


def test_test_says_what_happens_to_each_example(tmp_path: Path) -> None:
    write(
        tmp_path,
        examples=[{"id": "a", "price": 200.0}, {"_schema": "order", "id": " Ab ", "price": 1.5}],
        counter_examples=[{"id": "7", "price": -1.0}, {"id": "A", "price": 1.0}],
    )

    result = run(tmp_path, "test", "order", "--json")

    items = json.loads(result.stdout)["items"]
    assert result.exit_code == 0, result.stderr
    assert [(item["kind"], item["index"], item["outcome"]) for item in items] == [
        ("example", 0, "valid"),
        ("example", 1, "remediated"),
        ("counter_example", 0, "invalid"),
        ("counter_example", 1, "remediated"),
    ]
    assert [violation["code"] for violation in items[0]["violations"]] == ["RULE_FAILED"]
    assert items[1]["remediation_steps"] == ["trim id", "lower id"]
    assert items[1]["remediated"] == {"_schema": "order", "id": "ab", "price": 1.5}
    assert items[2]["violations"][0]["field_path"] == "id"


@pytest.mark.parametrize(
    "examples",
    [
        pytest.param({"examples": [{"id": "a", "price": -1.0}]}, id="example fails"),
        pytest.param({"counter_examples": [{"id": "a", "price": 1.0}]}, id="counter passes"),
    ],
)
def test_test_exits_1_when_an_example_is_not_as_expected(
    tmp_path: Path, examples: dict[str, Any]
) -> None:
    write(tmp_path, **examples)

    result = run(tmp_path, "test")

    assert result.exit_code == 1
    assert "NO" in result.stdout
    assert "1 of 1 are not as expected" in result.stderr


def test_test_takes_a_file_that_is_not_in_the_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "drafts", version="2.0.0", examples=[{"id": "a", "price": 1.0}])
    (tmp_path / "schemas").mkdir()

    result = run(tmp_path / "schemas", "test", str(path))

    assert result.exit_code == 0, result.stderr
    assert "order@2.0.0" in result.stdout


def test_test_of_an_unusable_schema_is_refused_in_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, rules=[{"name": "x", "expression": "prise > 1.0"}], examples=[{}])

    result = run(tmp_path, "test", str(path))

    assert result.exit_code == 1
    assert "did you mean" in result.stderr


def test_infer_proposes_a_file_that_its_samples_pass(tmp_path: Path) -> None:
    samples = [{"_schema": "x", "user": f"u{n}", "n": n, "kind": "ab"[n % 2]} for n in range(40)]
    file = tmp_path / "my-events.ndjson"
    file.write_text("\n".join(map(json.dumps, samples)) + "\nnot json\n", "utf-8")

    result = run(tmp_path, "infer", str(file))

    assert result.exit_code == 0, result.stderr
    assert "left out: 1 records" in result.stderr
    assert "#   user: in 40 of 40 (100.0%); string 40" in result.stdout
    path = tmp_path / "my_events" / "1.0.0.yaml"
    path.parent.mkdir()
    path.write_text(result.stdout, "utf-8")
    compiled = SchemaCompiler().compile(load_schema_file(path))
    for sample in samples:
        assert compiled.passes({k: v for k, v in sample.items() if k != "_schema"}, NOW)


def test_infer_gives_its_evidence_as_json(tmp_path: Path) -> None:
    text = json.dumps([{"a": 1}, {"a": 2}, {"b": 1}])

    result = run(
        tmp_path,
        "infer",
        "-",
        "--name",
        "x",
        "--version",
        "2.1.0",
        "--limit",
        "2",
        "--json",
        text=text,
    )

    shown = json.loads(result.stdout)
    assert (shown["document"]["name"], shown["document"]["version"]) == ("x", "2.1.0")
    assert shown["samples"] == 2
    assert [(each["path"], each["present"]) for each in shown["evidence"]] == [("", 2), ("a", 2)]


def test_infer_keeps_a_hostile_name_inside_its_comment(tmp_path: Path) -> None:
    result = run(tmp_path, "infer", "-", "--name", "x", text='{"a\\nowner: me\\u001b": 1}')

    assert yaml.safe_load(result.stdout)["schema"]["properties"].keys() == {"a\nowner: me\x1b"}
    assert "owner" not in yaml.safe_load(result.stdout)
    assert "\x1b" not in result.stdout


def test_infer_without_samples_says_what_to_give(tmp_path: Path) -> None:
    result = run(tmp_path, "infer", "-", "--name", "x", text="")

    assert result.exit_code == 1
    assert "give at least one JSON document" in result.stderr

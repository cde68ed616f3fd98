"""`validate`, `schema` and `config show`: they need no broker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dataquarantine.cli import main

REPOSITORY = Path(__file__).parents[3]
GOOD = (
    '{"_schema":"user_event","user_id":"USER123456",'
    '"event_type":"view","timestamp":"2025-12-27T16:00:00Z"}'
)
NO_USER = '{"_schema":"user_event","event_type":"view","timestamp":"2025-12-27T16:00:00Z"}'


def run(*arguments: str, text: str = "") -> Result:
    environ = {"DQ_SCHEMAS__FOLDER": str(REPOSITORY / "schemas")}
    return CliRunner().invoke(main, list(arguments), env=environ, input=text)


def test_validate_exits_0_when_all_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text(f"{GOOD}\n{GOOD}\n", "utf-8")

    result = run("validate", str(file))

    assert (result.exit_code, result.stdout) == (0, "2 records, 2 valid, 0 invalid\n")


def test_validate_names_file_line_and_reason() -> None:
    result = run("validate", "-", "--json", text=f"{GOOD}\n{NO_USER}\nnot json\n")

    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (found["records"], found["valid"], found["invalid"]) == (3, 1, 2)
    assert found["codes"] == {"MISSING_FIELD": 1, "NOT_JSON": 1}
    assert found["items"][0] == {
        "file": "<stdin>",
        "line": 2,
        "record": None,
        "schema": "user_event@1.0.0",
        "error_type": "schema_violation",
        "code": "MISSING_FIELD",
        "field_path": "user_id",
        "message": "'user_id' is a required property",
    }


def test_validate_counts_all_and_prints_the_first() -> None:
    result = run("validate", "-", "--json", "--show", "3", text="bad\n" * 2500)

    found = json.loads(result.stdout)
    assert (found["invalid"], len(found["items"])) == (2500, 3)


def test_validate_judges_by_a_named_schema() -> None:
    bare = GOOD.replace('"_schema":"user_event",', "")

    assert run("validate", "-", text=bare).exit_code == 1
    assert run("validate", "-", "--schema", "user_event@1.0.0", text=bare).exit_code == 0


def test_validate_prints_control_characters_as_replacements() -> None:
    evil = NO_USER.replace('"view"', '"\\u001b[2J"')

    result = run("validate", "-", text=evil)

    assert "\x1b" not in result.stdout


def test_schema_list_is_a_page() -> None:
    page = json.loads(run("schema", "list", "--json").stdout)

    assert page["next"] is None
    assert [item["name"] for item in page["items"]] == ["user_event"]


def test_schema_show_prints_what_the_file_says() -> None:
    shown = json.loads(run("schema", "show", "user_event", "--json").stdout)

    assert (shown["name"], shown["version"], shown["key"]) == ("user_event", "1.0.0", "user_id")
    assert shown["schema"]["required"] == ["user_id", "event_type", "timestamp"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param(
            "name: a\nversion: 1.0.0\nschema: {required: [x]}\nexamples:\n  - {y: 1}\n",
            5,
            "example 0 does not pass: 'x' is a required property",
            id="example fails",
        ),
        pytest.param(
            "name: a\nversion: 1.0.0\nschema: {}\ncounter_examples:\n  - {y: 1}\n",
            5,
            "counter-example 0 passes: the schema allows too much",
            id="counter-example passes",
        ),
        pytest.param("name: a\nversion: one\n", 2, "no SemVer version", id="version"),
    ],
)
def test_schema_lint_names_file_and_line(
    tmp_path: Path, text: str, line: int, problem: str
) -> None:
    file = tmp_path / "a" / "1.0.0.yaml"
    file.parent.mkdir()
    file.write_text(text, "utf-8")

    result = run("schema", "lint", str(tmp_path), "--skip", "description,owner", "--json")

    (found,) = json.loads(result.stdout)["items"]
    assert result.exit_code == 1
    assert found["where"] == f"{file}:{line}"
    assert problem in found["problem"]


def test_schema_lint_points_at_a_slip_in_a_rule(tmp_path: Path) -> None:
    file = tmp_path / "a" / "1.0.0.yaml"
    file.parent.mkdir()
    file.write_text(
        "name: a\nversion: 1.0.0\nschema: {properties: {code: {}}}\n"
        'rules:\n  - {name: coded, expression: "true || has(cod)"}\n',
        "utf-8",
    )

    shown = run("schema", "lint", str(file)).stdout

    assert shown.endswith(f"\n{file}:5\n  | true || has(cod)\n  |             ^\n")


def test_validate_says_which_schemas_there_are(tmp_path: Path) -> None:
    result = run("validate", "-", "--schema", "usr_event", text="{}")

    assert result.exit_code == 2
    assert "no schema file says usr_event; there are: " in result.stderr
    assert "user_event@1.0.0" in result.stderr


def test_our_own_schemas_have_no_findings() -> None:
    result = run("schema", "lint")

    assert (result.exit_code, result.stdout) == (0, "")


def test_config_show_masks_secrets() -> None:
    environ = {"DQ_S3__SECRET_KEY": "hunter2", "DQ_KAFKA__GROUP": "mine"}

    result = CliRunner().invoke(main, ["config", "show"], env=environ)

    assert "hunter2" not in result.stdout
    assert "group: mine" in result.stdout

"""Every command: found, helped, fast to import; errors turned into exit codes."""

from __future__ import annotations

import contextlib
import copy
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dataquarantine.cli import COMMANDS, main

REPOSITORY = Path(__file__).parents[3]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = list(commands(main))


def find(path: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_ends_with_an_example_that_parses(path: tuple[str, ...]) -> None:
    text = CliRunner().invoke(main, [*path, "--help"]).output.rstrip()

    example = re.sub(r"\s+", " ", text[text.rindex("Example:") :]).removeprefix("Example: ")
    command_line = example.split("|")[-1].split("&&")[0]
    words = [word for word in shlex.split(command_line) if not re.match(r"[A-Z_0-9]+=", word)]
    assert words[0] == "dataquarantine"
    assert tuple(words[1 : 1 + len(path)]) == path
    _parse(find(path), words[1 + len(path) :])


def _parse(command: click.Command, words: list[str]) -> None:
    """Parse as the command would; files and ids of an example need not exist."""
    lenient = copy.deepcopy(command)
    for parameter in lenient.params:
        if isinstance(parameter.type, click.File | click.Path) or parameter.type.name == "uuid":
            parameter.type = click.STRING
    with contextlib.suppress(click.exceptions.Exit):  # a group without its command shows its help
        lenient.make_context("example", list(words))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_says_what_the_command_says(name: str) -> None:
    summary = find((name,)).get_short_help_str(limit=200)

    assert summary


def test_import_takes_what_click_takes() -> None:
    """So it stays under 0.3 s: click needs 0.1, any other library of ours more than the rest."""
    code = (
        "import sys; before = set(sys.modules); import dataquarantine.cli;"
        "names = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(*sorted(names - set(sys.stdlib_module_names)), len(sys.modules))"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout

    *libraries, modules = found.split()
    assert libraries == ["click", "dataquarantine"]
    assert int(modules) < 160


def test_help_imports_no_library_beside_click() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from dataquarantine.cli import main;"
        "CliRunner().invoke(main, ['--help']);"
        "print([m for m in ('faust', 'pydantic', 'aiokafka', 'sqlalchemy', 'boto3', 'rich')"
        " if m in sys.modules])"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        pytest.param(["nonsense"], 2, "No such command 'nonsense'", id="unknown command"),
        pytest.param(["config", "show", "--nope"], 2, "No such option", id="unknown option"),
        pytest.param(
            ["--config", "/absent.yaml", "config", "show"], 2, "Error: /absent", id="file"
        ),
        pytest.param(["schema", "show", "nope"], 2, "schema nope is unknown", id="schema"),
        pytest.param(["db", "upgrade"], 1, "; start it or set DQ_POSTGRES__URL", id="no database"),
        pytest.param(["topics", "create"], 1, "no broker answers", id="no broker"),
        pytest.param(["tail", "raw-events"], 1, "can't be read", id="no broker to tail"),
        pytest.param(["produce"], 1, "can't be written", id="no broker to produce to"),
    ],
)
def test_errors_have_an_exit_code_and_a_message_on_stderr(
    arguments: list[str], code: int, part: str
) -> None:
    nowhere = {
        "DQ_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "DQ_POSTGRES__URL": "postgresql+psycopg2://nobody@127.0.0.1:1/none",
    }

    result = CliRunner().invoke(main, arguments, env=nowhere, input="")

    assert (result.exit_code, part in result.stderr) == (code, True), result.stderr
    assert result.stdout == ""


def test_the_settings_file_is_known_only_while_the_command_runs(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("cluster_id: own", "utf-8")

    result = CliRunner().invoke(main, ["--config", str(path), "config", "show"])

    assert "cluster_id: own" in result.stdout
    assert "DQ_CONFIG" not in os.environ


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "postgresql+nothing://u:hunter2@h/d"])
def test_a_database_that_is_not_postgres_is_named_without_its_password(url: str) -> None:
    result = CliRunner().invoke(main, ["quarantine", "list"], env={"DQ_POSTGRES__URL": url})

    assert result.exit_code == 2, result.output
    assert "expected postgresql+psycopg2://" in result.stderr
    assert "hunter2" not in result.stderr

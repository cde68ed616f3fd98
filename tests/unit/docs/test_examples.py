"""What the pages tell a reader to type or to write is understood by the program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from dataquarantine.cli import main
from dataquarantine.schemas.lint import lint_paths
from dataquarantine.settings import Settings, load_settings

ROOT = Path(__file__).parents[3]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "reference"),
]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
IN_LINE = re.compile(r"`(?:dataquarantine|dq) ([a-z][^`]*)`")
IN_BLOCK = re.compile(r"(?:^|[\s/|])(?:dataquarantine|dq) ([a-z][^\n|]*)", re.MULTILINE)


def commands() -> Iterator[tuple[str, str]]:
    for page in sorted(PAGES):
        text = page.read_text("utf-8")
        blocks = "\n".join(block for form, block in FENCE.findall(text) if form in ("", "sh"))
        found = IN_LINE.findall(FENCE.sub("", text)) + IN_BLOCK.findall(blocks.replace("\\\n", " "))
        for each in found:
            yield str(page.relative_to(ROOT)), each.strip()


@pytest.mark.parametrize(("page", "text"), sorted(set(commands())))
def test_a_command_and_its_options_exist(page: str, text: str) -> None:
    words = shlex.split(text, comments=True)
    command: click.Command = main
    context = click.Context(main)
    while words and isinstance(command, click.Group):
        inner = command.get_command(context, words[0])
        assert inner is not None, f"{page}: no command {words[0]}"
        command, words = inner, words[1:]
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}

    used = {word.split("=")[0] for word in words if word.startswith("--")}
    assert used - {"--help"} <= known, page


def documents(kind: str) -> Iterator[tuple[str, str]]:
    """Give the YAML of the pages that holds all of a schema, or settings."""
    for page in sorted(PAGES):
        for form, block in FENCE.findall(page.read_text("utf-8")):
            if form != "yaml":
                continue
            keys = set(yaml.safe_load(block)) if not block.lstrip().startswith("-") else set()
            is_kind = {"name", "version", "schema"} <= keys
            if kind == "settings":
                is_kind = bool(keys) and keys <= set(Settings.model_fields)
            if is_kind:
                yield str(page.relative_to(ROOT)), block


@pytest.mark.parametrize(("page", "text"), list(documents("schema")))
def test_a_schema_file_has_no_findings(page: str, text: str, tmp_path: Path) -> None:
    written = yaml.safe_load(text)
    file = tmp_path / written["name"] / f"{written['version']}.yaml"
    file.parent.mkdir()
    file.write_text(text, "utf-8")

    assert lint_paths([file]) == []


@pytest.mark.parametrize(("page", "text"), list(documents("settings")))
def test_settings_are_taken(page: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "dataquarantine.yaml"
    file.write_text(text, "utf-8")

    load_settings(file, environ={})

"""Reference pages made from the code: `python -m tests.reference` writes them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import click
from prometheus_client import REGISTRY
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import dataquarantine.metrics
from dataquarantine.cli import main
from dataquarantine.environment import keys_of, section_of
from dataquarantine.settings import Settings
from tests.reference_http import api_document, http_page

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
WRITTEN = "Written by `make docs` from the code.\n"
WIDTH = 100


def pages() -> dict[Path, str]:
    """Make every page."""
    return {
        FOLDER / "commands.md": "\n".join(_commands()),
        FOLDER / "settings.md": "\n".join(_settings()),
        FOLDER / "metrics.md": "\n".join(_metrics()),
        FOLDER / "log-events.md": "\n".join(_events()),
        FOLDER / "http.md": "\n".join(http_page(api_document())),
    }


def _commands() -> Iterator[str]:
    yield f"# Commands\n\n{WRITTEN}"
    yield "`dq` is short for `dataquarantine`. Exit code 0: done; 1: refused or"
    yield "something was found; 2: wrong usage or settings.\n"
    yield from _command(main, "dataquarantine")


def _command(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH)
    yield f"## {path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (inner := command.get_command(context, name)) is not None:
                yield from _command(inner, f"{path} {name}")


def _settings() -> Iterator[str]:
    yield f"# Settings\n\n{WRITTEN}"
    yield "`dataquarantine.yaml` holds sections with keys; a variable wins over the file. In a"
    yield "variable `0` stands for the position of a pipeline. Unknown keys and variables are"
    yield "refused.\n"
    yield from _section(Settings, "", "DQ_")


def _section(section: type[BaseModel], title: str, prefix: str) -> Iterator[str]:
    plain = {key: field for key, field in keys_of(section).items() if section_of(field) is None}
    summary = (section.__doc__ or "").splitlines()[0]
    yield f"## {title or 'Top level'}\n\n{summary}\n\n| key | variable | default |\n|---|---|---|"
    for key, field in plain.items():
        yield f"| `{key}` | `{prefix}{key.upper()}` | {_default(field)} |"
    yield ""
    for key, field in keys_of(section).items():
        inner = section_of(field)
        if inner is not None:
            several = "__0__" if "tuple" in str(field.annotation) else "__"
            below = f"{title}.{key}" if title else key
            yield from _section(inner, below, f"{prefix}{key.upper()}{several}")


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "(needed)"
    if value is None:
        return ""
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    return f"`{value}`"


def _metrics() -> Iterator[str]:
    yield f"# Metrics\n\n{WRITTEN}"
    yield "| metric | kind | labels | what to do about it |\n|---|---|---|---|"
    for name, kind, labels, text in sorted(_declared()):
        yield f"| `{name}` | {kind} | {labels} | {text} |"
    yield ""


def _declared() -> Iterator[tuple[str, str, str, str]]:
    for value in vars(dataquarantine.metrics).values():
        described = getattr(value, "describe", None)
        if described is None or value is REGISTRY or isinstance(value, type):
            continue
        (family,) = described()
        labels = ", ".join(f"`{label}`" for label in value._labelnames)  # noqa: SLF001  no accessor
        suffix = "_total" if family.type == "counter" else ""
        yield family.name + suffix, family.type, labels, family.documentation


def _events() -> Iterator[str]:
    yield f"# Log events\n\n{WRITTEN}"
    yield "With `--log-format json` each line is one object: `timestamp`, `level`, `logger`,"
    yield "`event`, `message` and the facts. Build alerts and searches on `event`: the names stay."
    yield "Lines of other packages (Faust, aiokafka) have the logger's name as their event.\n"
    yield "| event | level | message |\n|---|---|---|"
    for name, level, message in sorted(set(_logged())):
        yield f"| `{name}` | {level} | {message} |"
    yield ""


def _logged() -> Iterator[tuple[str, str, str]]:
    """Find the log calls whose `extra` names an action."""
    root = FOLDER.parents[1]
    for path in sorted([*(root / "dataquarantine").rglob("*.py"), *(root / "agents").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (found := _log_call(node)) is not None:
                yield found


def _log_call(node: ast.Call) -> tuple[str, str, str] | None:
    extra = next((each.value for each in node.keywords if each.arg == "extra"), None)
    if not (isinstance(extra, ast.Dict) and isinstance(node.func, ast.Attribute) and node.args):
        return None
    facts = {
        key.value: value.value
        for key, value in zip(extra.keys, extra.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
    }
    message = node.args[0]
    if "action" not in facts or not isinstance(message, ast.Constant):
        return None
    level = {"exception": "error"}.get(node.func.attr, node.func.attr)
    return str(facts["action"]), level, str(message.value).replace("|", "\\|")


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
        print(f"wrote {path}")

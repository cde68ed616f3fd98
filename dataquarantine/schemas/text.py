"""YAML and JSON text of schema files, read as JSON values: dates stay text, keys are unique."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import yaml

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
_PLAIN_TAGS: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}
_MAX_DEPTH: Final = 200
_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[][{}]', re.DOTALL)


class UnreadableText(Exception):
    """A text is no YAML or JSON that stands for one JSON value."""

    def __init__(self, problem: str, *, line: int | None = None, remedy: str = "") -> None:
        self.problem = problem
        self.line = line
        self.remedy = remedy
        super().__init__(problem)


def parse_yaml(source: str) -> Any:
    """Read YAML as a JSON value; safe, whatever the text holds.

    Raises: UnreadableText with the line.
    """
    root = _compose(source)
    return None if root is None else _value(root, set(), 0)


def parse_json(source: str) -> Any:
    """Read JSON, refusing duplicate keys and NaN.

    Raises: UnreadableText with the line where it is known.
    """
    try:
        return json.loads(source, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError as exc:
        raise UnreadableText(
            f"not JSON: {exc.msg}", line=exc.lineno, remedy="correct the JSON"
        ) from exc
    except RecursionError as exc:
        raise _too_deep(_line_of_depth(source)) from exc


def line_of(source: str, parts: Sequence[str | int]) -> int | None:
    """Tell the line of the deepest place along `parts` that the text has."""
    try:
        node = _compose(source)
    except UnreadableText:
        return None
    line = 1
    for part in parts:
        found = _child(node, part)
        if found is None:
            break
        key, node = found
        line = int(key.start_mark.line) + 1
    return line


def _compose(source: str) -> Any:
    try:
        return yaml.compose(source, Loader=yaml.CBaseLoader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        problem = exc.problem or exc.context or "not YAML"
        raise UnreadableText(
            f"not YAML: {problem}", line=mark.line + 1 if mark else None, remedy="correct the YAML"
        ) from exc
    except yaml.YAMLError as exc:
        at = getattr(exc, "position", None)
        line = source.count("\n", 0, at) + 1 if isinstance(at, int) else None
        problem = " ".join(str(exc).split())
        raise UnreadableText(f"not YAML: {problem}", line=line, remedy="correct the YAML") from exc
    except RecursionError as exc:
        raise _too_deep(None) from exc


def _value(node: Any, seen: set[int], depth: int) -> Any:
    line = node.start_mark.line + 1
    if node.tag not in _PLAIN_TAGS:
        raise UnreadableText(f"tag {node.tag} is not allowed", line=line, remedy="remove the tag")
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if depth > _MAX_DEPTH:
        raise _too_deep(line)
    if id(node) in seen:
        # A node met twice is an alias: a few lines of them can stand for gigabytes.
        raise UnreadableText("aliases are not allowed", line=line, remedy="use $defs and $ref")
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, seen, depth + 1) for item in node.value]
    return _mapping(node, seen, depth)


def _mapping(node: Any, seen: set[int], depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise UnreadableText("a key must be text", line=line, remedy="quote it")
        key = key_node.value
        if key in result:
            raise UnreadableText(f"key {key!r} stands twice", line=line, remedy="keep one of them")
        result[key] = _value(value_node, seen, depth + 1)
    return result


def _scalar(node: Any) -> Any:
    value: str = node.value
    if node.style not in (None, ""):
        return value
    if value in _WORDS:
        return _WORDS[value]
    if _INTEGER.match(value) and len(value) < 4000:
        return int(value)
    return float(value) if _NUMBER.match(value) else value


def _child(node: Any, part: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key, value
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise UnreadableText(f"key {twice!r} stands twice", remedy="keep one of them")
    return result


def _refuse_constant(word: str) -> Any:
    raise UnreadableText(f"{word} is no JSON number", remedy="remove it")


def _line_of_depth(source: str) -> int | None:
    """Tell the line on which JSON becomes nested too deep."""
    depth = 0
    for token in _BRACKET.finditer(source):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > _MAX_DEPTH:
            return source.count("\n", 0, token.start()) + 1
    return None


def _too_deep(line: int | None) -> UnreadableText:
    return UnreadableText(
        f"nested deeper than {_MAX_DEPTH} levels", line=line, remedy="use $defs and $ref"
    )

"""Reads the settings: a file, then variables; says what can't be used and why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from dataquarantine.environment import Place, near_key, overlay
from dataquarantine.errors import ConfigError
from dataquarantine.settings.whole import Settings

ENV_PREFIX = "DQ_"
CONFIG_ENV = "DQ_CONFIG"
#: The API that commands ask, and the token that they show it; no settings.
URL_ENV = "DQ_URL"
TOKEN_ENV = "DQ_TOKEN"
DEFAULT_PATH = Path("dataquarantine.yaml")


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings once.

    Args: path: the file; default `DQ_CONFIG`, then `dataquarantine.yaml`, which may be missing.
    Raises: ConfigError naming variable, value and expectation.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ[CONFIG_ENV]) if environ.get(CONFIG_ENV) else None)
    values = _read_file(named or DEFAULT_PATH, must_exist=named is not None)
    variables = {
        name: text
        for name, text in environ.items()
        if name.startswith(ENV_PREFIX) and name not in (CONFIG_ENV, URL_ENV, TOKEN_ENV)
    }
    origins = overlay(values, variables, Settings, ENV_PREFIX)
    try:
        return Settings.model_validate(values)
    except ValidationError as exc:
        raise ConfigError(_explain(exc, named or DEFAULT_PATH, origins)) from exc


def _read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text("utf-8")) or {}
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(
                f"{path} does not exist; name the settings file by --config"
            ) from None
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path} can't be read: {exc}") from exc
    except yaml.YAMLError as exc:
        raise ConfigError(f"{path} is not YAML: {exc}") from exc
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds a {type(values).__name__}; expected sections with keys")
    return values


def _explain(exc: ValidationError, path: Path, origins: Mapping[Place, str]) -> str:
    lines = ["settings that can't be used:"]
    for error in exc.errors(include_url=False):
        place = error["loc"]
        where = ".".join(str(part) for part in place) or "settings"
        secret = any(word in where for word in ("password", "key", "url"))
        value = "(hidden)" if secret else repr(error.get("input"))[:80]
        origin = origins.get(place) or f"{path}: {where}"
        if error["type"] == "extra_forbidden":
            near = near_key(Settings, place)
            lines.append(f"  {origin} is unknown" + (f"; did you mean {near}?" if near else ""))
        elif error["type"] == "value_error":  # of a whole section; its text names the keys
            lines.append(f"  {where}: {error['msg'].removeprefix('Value error, ')}")
        else:
            expected = error["msg"].replace("tuple", "list")  # as YAML calls it
            lines.append(f"  {origin} = {value}: {expected}")
    return "\n".join(lines)

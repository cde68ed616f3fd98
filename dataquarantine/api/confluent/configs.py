"""Compatibility levels and modes."""

from __future__ import annotations

from typing import Any, get_args

from dataquarantine.api.confluent import wire
from dataquarantine.api.confluent.subjects import Propose
from dataquarantine.api.confluent.wire import Request
from dataquarantine.api.trail import Note
from dataquarantine.schemas.documents import Compatibility, is_schema_name
from dataquarantine.schemas.proposals import SetConfig
from dataquarantine.schemas.registry import Config, Registry

LEVELS = frozenset(get_args(Compatibility))


class Configs:
    """Compatibility levels and modes."""

    def __init__(self, registry: Registry, ask: Propose, note: Note | None = None) -> None:
        self._registry = registry
        self._ask = ask
        self._note = note

    async def get_level(self, request: Request, subject: str = "") -> Any:
        config = self._registry.configs.get(subject, Config())
        if subject and config.compatibility is None and not request.flag("defaultToGlobal"):
            raise wire.subject_config_missing(subject)
        level = self._registry.compatibility(subject)
        return {**config.extras, "compatibilityLevel": level, **self._policy(subject)}

    async def set_level(self, request: Request, subject: str = "") -> Any:
        body = request.json()
        level = body.pop("compatibility", None)
        if level is not None and str(level).upper() not in LEVELS:
            raise wire.invalid_level(level)
        policy = body.pop("compatibilityPolicy", None)
        if policy is not None and str(policy).upper() not in ("STRICT", "LENIENT"):
            raise wire.invalid_level(policy)
        await self._propose(
            request,
            subject,
            compatibility=str(level).upper() if level is not None else None,
            policy=str(policy).upper() if policy is not None else None,
            extras=body,
        )
        answer = {**body} if level is None else {**body, "compatibility": str(level).upper()}
        return answer | ({"compatibilityPolicy": str(policy).upper()} if policy else {})

    async def clear(self, request: Request, subject: str = "") -> Any:
        config = self._registry.configs.get(subject)
        if subject and config is None:
            raise wire.subject_not_found(subject)
        level = self._registry.compatibility(subject)
        await self._propose(request, subject, clear=True)
        return {"compatibilityLevel": level}

    async def get_mode(self, request: Request, subject: str = "") -> Any:
        config = self._registry.configs.get(subject, Config())
        if subject and config.mode is None and not request.flag("defaultToGlobal"):
            raise wire.subject_mode_missing(subject)
        return {"mode": self._registry.mode(subject)}

    async def set_mode(self, request: Request, subject: str = "") -> Any:
        mode = str(request.json().get("mode", "")).upper()
        if mode == "IMPORT":
            raise wire.not_permitted("ids come from the log, so IMPORT is not possible")
        if mode not in ("READWRITE", "READONLY"):
            raise wire.invalid_mode(mode)
        await self._propose(request, subject, mode=mode)
        return {"mode": mode}

    async def clear_mode(self, request: Request, subject: str) -> Any:
        config = self._registry.configs.get(subject)
        if config is None or config.mode is None:
            raise wire.subject_mode_missing(subject)
        await self._propose(request, subject, mode="READWRITE")
        return {"mode": config.mode}

    async def _propose(self, request: Request, subject: str, **fields: Any) -> None:
        if subject and not is_schema_name(subject):
            raise wire.invalid_subject(subject)
        before = self._registry.configs.get(subject, Config())
        await self._ask(SetConfig(by=request.user, why="set by a client", name=subject, **fields))
        if self._note is not None:
            after = self._registry.configs.get(subject, Config())
            place = f"schema/{subject}" if subject else "schemas"
            await self._note(place, request.user, "set_schema_config", _kept(before), _kept(after))

    def _policy(self, subject: str) -> dict[str, Any]:
        config = self._registry.configs.get(subject, Config())
        return {"compatibilityPolicy": config.policy} if config.policy else {}


def _kept(config: Config) -> dict[str, Any]:
    """Name what people set."""
    return {"compatibility": config.compatibility, "policy": config.policy, "mode": config.mode}

"""Importing a model class, from allowed packages only."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence

from pydantic import BaseModel

from dataquarantine.errors import InvalidSchema

_PATH = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)\Z", re.ASCII)


def load_model(path: str, packages: Sequence[str], *, where: str = "") -> type[BaseModel]:
    """Import `package.module:Class`.

    Args: packages: allowed packages; a module must be one of them or lie inside one.
    Raises: InvalidSchema, before anything is imported, when the module is not allowed.
    """
    match = _PATH.match(path)
    if match is None:
        problem = f"model {path!r} is no path of a class"
        raise InvalidSchema(problem, where=where, remedy="write it as package.module:Class")
    module_name, class_name = match.groups()
    if not any(module_name == name or module_name.startswith(f"{name}.") for name in packages):
        allowed = ", ".join(packages) or "none"
        raise InvalidSchema(
            f"module {module_name} is not in an allowed package (allowed: {allowed})",
            where=where,
            remedy="add its package to schemas.model_packages",
        )
    model = _attribute(module_name, class_name, where)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        remedy = "name a subclass of pydantic.BaseModel"
        raise InvalidSchema(f"{path} is no Pydantic model", where=where, remedy=remedy)
    if not model.__pydantic_complete__:
        remedy = "define or import every type that it names in its module"
        raise InvalidSchema(f"model {path} is not fully defined", where=where, remedy=remedy)
    return model


def _attribute(module_name: str, class_name: str, where: str) -> object:
    try:
        module = importlib.import_module(module_name)
    except Exception as exc:  # a module may raise anything while it loads; no worker dies of it
        raise InvalidSchema(
            f"module {module_name} can't be imported: {type(exc).__name__}: {exc}",
            where=where,
            remedy="install it beside the gateway, or correct it",
        ) from exc
    try:
        return getattr(module, class_name)
    except AttributeError:
        raise InvalidSchema(
            f"module {module_name} has no {class_name}", where=where, remedy="correct the name"
        ) from None

"""What a function takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dataquarantine.validation.rules.terms import Operation
from dataquarantine.validation.rules.types import (
    Kind,
    Type,
)


@dataclass(frozen=True, slots=True)
class Signature:
    """One form of a function: what it takes and gives."""

    params: tuple[Kind, ...]
    result: Type
    operation: Operation


@dataclass(frozen=True, slots=True)
class Function:
    """A name with its forms; `anything` serves arguments that are only known at run time."""

    name: str
    signatures: tuple[Signature, ...]
    anything: Operation
    as_method: bool = False
    as_function: bool = True


def forms(
    symbol: str,
    run: Callable[..., Any],
    forms: list[tuple[Kind, Kind, Type, str | None]],
    *,
    budgeted: bool = False,
) -> Function:
    return Function(
        symbol,
        tuple(
            Signature((left, right), result, Operation(symbol, run, inline, budgeted))
            for left, right, result, inline in forms
        ),
        Operation(symbol, run, None, budgeted),
    )


def unary(
    name: str,
    run: Callable[..., Any],
    forms: list[tuple[Kind, Type, str | None]],
    *,
    as_method: bool = False,
    as_function: bool = True,
) -> Function:
    signatures = tuple(
        Signature((kind,), result, Operation(name, run, inline)) for kind, result, inline in forms
    )
    return Function(name, signatures, Operation(name, run), as_method, as_function)

"""Types, enumerations, numbers and strings."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from dataquarantine.schemas.compatibility.dialect import NUMBERS, Root, Shape, as_list, value_key
from dataquarantine.schemas.compatibility.proof import passing

if TYPE_CHECKING:
    from dataquarantine.schemas.compatibility.walk import Pair, Walk


def compare_types(walk: Walk, pair: Pair, kinds: frozenset[str], accepted: frozenset[str]) -> None:
    """Compare `type`."""
    if kinds == accepted:
        return
    at = f"{pair.pointer}/type"
    text = f"{_type_text(pair.writer)} became {_type_text(pair.reader)}"
    if kinds <= accepted:
        walk.note("TYPE_EXTENDED", at, f"{text}, which takes it too")
    elif kinds & accepted:
        walk.note("TYPE_NARROWED", at, f"{text}, which takes less", breaks=True)
    else:
        walk.note("TYPE_CHANGED", at, text, breaks=True)


def _type_text(shape: Shape) -> str:
    return " or ".join(as_list(shape["type"])) if "type" in shape else "any type"


def finite_values(pair: Pair, root: Root) -> list[Any] | None:
    """Return every value a writer can send when they can be listed."""
    kinds = set(as_list(pair.writer.get("type", "any")))
    if "enum" in pair.writer:
        values = list(pair.writer["enum"])
    elif kinds <= {"null", "boolean"}:
        constants = ((None, "null"), (True, "boolean"), (False, "boolean"))
        values = [value for value, kind in constants if kind in kinds]
    else:
        return None
    sent = passing(values, pair.raw_writer, root)
    return values if sent is None else [v for v, ok in zip(values, sent, strict=True) if ok]


def compare_values(walk: Walk, pair: Pair, values: list[Any]) -> None:
    """Put each value that the writer can send to the reader."""
    at = f"{pair.pointer}/enum" if "enum" in pair.writer else f"{pair.pointer}/type"
    passed = passing(values, pair.raw_reader, walk.reader_root)
    if passed is None:
        text = "the writer's values could not be tried on the reader"
        walk.note("ENUM_ARRAY_CHANGED", at, text, undecided=True)
        return
    refused = [value for value, ok in zip(values, passed, strict=True) if not ok]
    if "enum" in pair.writer:
        _note_enum(walk, pair, refused, at)
    elif refused:
        code = "TYPE_NARROWED" if len(refused) < len(values) else "TYPE_CHANGED"
        walk.note(code, at, f"{_listed(refused)} no longer accepted", breaks=True)
    elif _type_text(pair.reader) != _type_text(pair.writer):
        text = f"{_type_text(pair.writer)} became {_type_text(pair.reader)}"
        walk.note("TYPE_EXTENDED", at, text)


def _note_enum(walk: Walk, pair: Pair, refused: list[Any], at: str) -> None:
    old = {value_key(value): value for value in pair.writer["enum"]}
    new = {value_key(value): value for value in pair.reader.get("enum", ())}
    added = [value for key, value in new.items() if key not in old]
    if refused:
        code = "ENUM_ARRAY_CHANGED" if added else "ENUM_ARRAY_NARROWED"
        walk.note(code, at, f"{_listed(refused)} no longer accepted", breaks=True)
    elif "enum" not in pair.reader:
        walk.note("ENUM_ARRAY_REMOVED", at, "no longer limited to listed values")
    elif added:
        walk.note("ENUM_ARRAY_EXTENDED", at, f"{_listed(added)} accepted as well")


def _listed(values: list[Any]) -> str:
    shown = ", ".join(value_key(value) for value in values[:5])
    return f"{shown} and {len(values) - 5} more" if len(values) > 5 else shown


def compare_enum(walk: Walk, pair: Pair) -> None:
    """Compare a reader's enumeration with a writer that has none."""
    if "enum" in pair.reader and pair.kinds:
        text = f"now limited to {len(pair.reader['enum'])} listed value(s)"
        walk.note("ENUM_ARRAY_ADDED", f"{pair.pointer}/enum", text, breaks=True)


def compare_limit(
    walk: Walk,
    pair: Pair,
    keyword: str,
    *,
    upper: bool,
    implied: Any = None,
    tolerated: bool = False,
) -> None:
    """Compare one limit.

    Args: implied: a limit that the writer's other keywords already guarantee.
        tolerated: LENIENT accepts a tighter limit.
    """
    old, new = pair.writer.get(keyword), pair.reader.get(keyword)
    if new == old:
        return
    code, at = code_of(keyword), f"{pair.pointer}/{keyword}"
    if new is None:
        walk.note(f"{code}_REMOVED", at, f"the limit of {old} is gone")
        return
    known = [limit for limit in (old, implied) if limit is not None]
    kept = any(limit <= new if upper else limit >= new for limit in known)
    if old is None:
        walk.note(
            f"{code}_ADDED", at, f"{keyword} {new} is new", breaks=not kept, tolerated=tolerated
        )
        return
    grew = "INCREASED" if new > old else "DECREASED"
    text = f"{keyword} was {old}, is {new}"
    walk.note(f"{code}_{grew}", at, text, breaks=not kept, tolerated=tolerated)


def code_of(keyword: str) -> str:
    """Write a keyword as codes do: `maxLength` is `MAX_LENGTH`."""
    return "".join(f"_{c}" if c.isupper() else c for c in keyword).upper()


def compare_numbers(walk: Walk, pair: Pair) -> None:
    """Compare bounds and divisors."""
    if not pair.kinds & NUMBERS:
        return
    for side, upper in (("aximum", True), ("inimum", False)):
        plain, exclusive = f"m{side}", f"exclusiveM{side}"
        compare_limit(walk, pair, plain, upper=upper, implied=pair.writer.get(exclusive))
        bound, wanted = pair.writer.get(plain), pair.reader.get(exclusive)
        # An inclusive bound implies an exclusive one only when it lies strictly inside.
        implied = bound if bound is not None and wanted is not None and bound != wanted else None
        compare_limit(walk, pair, exclusive, upper=upper, implied=implied)
    _compare_divisor(walk, pair)


def _compare_divisor(walk: Walk, pair: Pair) -> None:
    old, new = pair.writer.get("multipleOf"), pair.reader.get("multipleOf")
    if old == new:
        return
    at = f"{pair.pointer}/multipleOf"
    if new is None:
        walk.note("MULTIPLE_OF_REMOVED", at, f"no longer only multiples of {old}")
        return
    divisor = Fraction(Decimal(str(new)))
    if old is None:
        whole = "fraction" not in pair.kinds and 1 % divisor == 0
        walk.note("MULTIPLE_OF_ADDED", at, f"only multiples of {new}", breaks=not whole)
        return
    before = Fraction(Decimal(str(old)))
    text = f"multipleOf was {old}, is {new}"
    if before % divisor == 0:
        walk.note("MULTIPLE_OF_REDUCED", at, text)
    else:
        code = "MULTIPLE_OF_EXPANDED" if divisor % before == 0 else "MULTIPLE_OF_CHANGED"
        walk.note(code, at, text, breaks=True)


def compare_strings(walk: Walk, pair: Pair) -> None:
    """Compare length, pattern, format and content."""
    if "string" not in pair.kinds:
        return
    compare_limit(walk, pair, "maxLength", upper=True)
    compare_limit(walk, pair, "minLength", upper=False, implied=0)
    for keyword in ("pattern", "format", "contentEncoding", "contentMediaType"):
        _compare_text(walk, pair, keyword)


def _compare_text(walk: Walk, pair: Pair, keyword: str) -> None:
    old, new = pair.writer.get(keyword), pair.reader.get(keyword)
    if old == new:
        return
    code, at = code_of(keyword), f"{pair.pointer}/{keyword}"
    if new is None:
        walk.note(f"{code}_REMOVED", at, f"{keyword} {old} is gone")
    elif old is None:
        walk.note(f"{code}_ADDED", at, f"{keyword} {new} is new", breaks=True)
    else:
        text = f"{keyword} was {old}, is {new}"
        walk.note(f"{code}_CHANGED", at, text, undecided=True)

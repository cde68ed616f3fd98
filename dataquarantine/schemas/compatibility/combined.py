"""`allOf`, `anyOf`, `oneOf`, `not`, `if`, and annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dataquarantine.schemas.compatibility.dialect import Root, Shape, merge, normalise

if TYPE_CHECKING:
    from dataquarantine.schemas.compatibility.walk import Pair, Walk

MAX_ALTERNATIVES = 32
_ANNOTATIONS = (
    ("title", "TITLE_CHANGED"),
    ("description", "DESCRIPTION_CHANGED"),
    ("default", "DEFAULT_CHANGED"),
    ("$id", "ID_CHANGED"),
)


def note_annotations(walk: Walk, reader: Any, writer: Any, pointer: str) -> None:
    """List changed texts; they never refuse a record."""
    if not isinstance(reader, dict) or not isinstance(writer, dict):
        return
    for keyword, code in _ANNOTATIONS:
        if reader.get(keyword) != writer.get(keyword):
            walk.note(code, f"{pointer}/{keyword}", f"{keyword} changed")


def alternatives(shape: Shape, raw: Any, root: Root) -> Iterator[tuple[Shape, Any]]:
    """Split a writer into branches that together hold all it can send.

    Each branch comes normalised and as the library can read it. A branch that can't be folded in
    is left out of account, which only makes the writer larger.
    """
    keyword = next((k for k in ("anyOf", "oneOf") if k in shape), None)
    if keyword is None or len(shape[keyword]) > MAX_ALTERNATIVES:
        yield shape, raw
        return
    base = {k: v for k, v in shape.items() if k != keyword}
    for branch in shape[keyword]:
        part = normalise(branch, root)
        if part is False:
            continue
        merged = dict(base)
        both = {"allOf": [raw, branch]} if base else branch
        if isinstance(part, dict) and not merge(merged, part):
            merged = part if not base else {**base, "allOf": [*base.get("allOf", []), branch]}
        yield merged, both


def compare(walk: Walk, pair: Pair) -> None:
    """Compare the combining keywords of a reader with a writer, or with one branch of it."""
    _compare_all_of(walk, pair)
    _compare_any_of(walk, pair)
    _compare_one_of(walk, pair)
    _compare_not(walk, pair)
    _compare_condition(walk, pair)


def _compare_all_of(walk: Walk, pair: Pair) -> None:
    kept = pair.writer.get("allOf", [])
    for index, branch in enumerate(pair.reader.get("allOf", [])):
        if any(walk.same(branch, old) for old in kept):
            continue
        if walk.covered(branch, pair.raw_writer) or any(walk.covered(branch, old) for old in kept):
            continue
        pointer = f"{pair.pointer}/allOf/{index}"
        text = "one more schema must fit, and the writer does not promise that"
        walk.note("PRODUCT_TYPE_EXTENDED", pointer, text, breaks=True)
        walk.compare(branch, pair.raw_writer, pointer)


def _compare_any_of(walk: Walk, pair: Pair) -> None:
    branches = pair.reader.get("anyOf")
    if branches is None:
        return
    if any(walk.covered(branch, pair.raw_writer) for branch in branches):
        if "anyOf" not in pair.writer:
            text = "there are alternatives now, and one takes all that the writer sends"
            walk.note("SUM_TYPE_EXTENDED", f"{pair.pointer}/anyOf", text)
        return
    text = "no single alternative takes all that the writer sends"
    walk.note("SUM_TYPE_NARROWED", f"{pair.pointer}/anyOf", text, undecided=True)


def _compare_one_of(walk: Walk, pair: Pair) -> None:
    branches = pair.reader.get("oneOf")
    if branches is None:
        return
    fitting = [i for i, branch in enumerate(branches) if walk.covered(branch, pair.raw_writer)]
    if len(fitting) == 1 and all(
        _never_both(walk, branch, pair.raw_writer)
        for i, branch in enumerate(branches)
        if i != fitting[0]
    ):
        return
    text = "it can't be shown that exactly one alternative takes what the writer sends"
    walk.note("SUM_TYPE_NARROWED", f"{pair.pointer}/oneOf", text, undecided=True)


def _never_both(walk: Walk, branch: Any, writer: Any) -> bool:
    return walk.ask({"not": branch}, walk.reader_root, writer, walk.writer_root) == "yes"


def _compare_not(walk: Walk, pair: Pair) -> None:
    if "not" not in pair.reader:
        if "not" in pair.writer:
            walk.note("NOT_TYPE_EXTENDED", f"{pair.pointer}/not", "less is forbidden now")
        return
    new = pair.reader["not"]
    if "not" in pair.writer and walk.same(new, pair.writer["not"]):
        return
    if _never_both(walk, new, pair.raw_writer):
        return
    text = "what is forbidden now may be what the writer sends"
    walk.note("NOT_TYPE_NARROWED", f"{pair.pointer}/not", text, undecided=True)


def _compare_condition(walk: Walk, pair: Pair) -> None:
    old, new = (
        {k: s[k] for k in ("if", "then", "else") if k in s} for s in (pair.writer, pair.reader)
    )
    if "if" not in new or len(new) == 1 or walk.same(new, old):
        return
    text = "a condition was added or changed"
    walk.note("CONDITION_CHANGED", f"{pair.pointer}/if", text, undecided=True)

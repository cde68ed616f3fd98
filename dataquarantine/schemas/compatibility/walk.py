"""Compare two JSON Schemas keyword by keyword, from writer to reader.

The reader covers the writer when each of its keywords is implied by the writer's. That is a proof:
without a breaking difference every record of the writer passes the reader. The reverse does not
hold, so what looks breaking here may still be proved harmless (`proof.containment`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from dataquarantine.schemas.compatibility import arrays, combined, objects, scalars
from dataquarantine.schemas.compatibility.dialect import (
    DYNAMIC,
    UNRESOLVED,
    Root,
    Shape,
    atoms,
    declared_names,
    normalise,
    value_key,
)
from dataquarantine.schemas.compatibility.proof import containment
from dataquarantine.schemas.compatibility.report import Difference, Notes

MAX_DEPTH = 48
#: Comparisons of one walk; a schema that needs more is refused as undecided, not waited for.
MAX_COMPARISONS = 20_000
_REFERENCES = ("$ref", UNRESOLVED, *DYNAMIC)


@dataclass(frozen=True)
class Pair:
    """A reader's and a writer's schema for the same place in a record.

    reader, writer: normalised. raw_reader, raw_writer: as written, for the library.
    declared: the property names that any branch of the writer speaks of.
    """

    reader: Shape
    writer: Shape
    raw_reader: Any
    raw_writer: Any
    pointer: str
    declared: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


@dataclass
class Walk(Notes):
    """The state of one comparison of a reader with a writer."""

    reader_root: Root
    writer_root: Root
    differences: list[Difference] = field(default_factory=list)
    #: pairs being compared further up: recursion meets them again one level deeper in the data
    active: frozenset[tuple[str, str]] = frozenset()
    depth: int = 0
    #: comparisons left, shared by all inner walks
    budget: list[int] = field(default_factory=lambda: [MAX_COMPARISONS])
    #: the library's proof; without it only the keywords decide
    ask: Callable[[Any, Root, Any, Root], str] = containment

    def covered(self, reader: Any, writer: Any) -> bool:
        """Tell whether a subschema of the reader surely takes all that one of the writer takes."""
        inner = replace(self, differences=[])
        inner.compare(reader, writer, "")
        return not any(d.breaks for d in inner.differences)

    def same(self, reader: Any, writer: Any) -> bool:
        """Tell whether two subschemas are the same text with the same meaning."""
        text = value_key(reader)
        if text != value_key(writer) or self.reader_root.draft != self.writer_root.draft:
            return False
        if not any(f'"{keyword}"' in text for keyword in _REFERENCES):
            return True
        return self.reader_root.text == self.writer_root.text

    def compare(self, reader: Any, writer: Any, pointer: str) -> None:
        """List what changes from writer to reader below a pointer."""
        pair = (value_key(reader), value_key(writer))
        if pair in self.active or self.same(reader, writer):
            return
        self.budget[0] -= 1
        if self.depth > MAX_DEPTH or self.budget[0] < 0:
            self.note("TOO_LARGE_TO_COMPARE", pointer, "too large to compare", undecided=True)
            return
        inner = replace(self, differences=[], active=self.active | {pair}, depth=self.depth + 1)
        inner.compare_resolved(reader, writer, pointer)
        self.differences.extend(self._settle(inner.differences, reader, writer))

    def _settle(self, found: list[Difference], reader: Any, writer: Any) -> list[Difference]:
        """Let the library's proof overrule what only looks breaking or undecided."""
        if not any(d.breaks for d in found):
            return found
        answer = self.ask(reader, self.reader_root, writer, self.writer_root)
        if answer == "yes":
            return [replace(d, breaks=False, tolerated=False, undecided=False) for d in found]
        if answer == "no":
            return [replace(d, undecided=False) for d in found]
        return found

    def compare_resolved(self, reader: Any, writer: Any, pointer: str) -> None:
        """Compare two schemas after following the references at their top."""
        combined.note_annotations(self, reader, writer, pointer)
        new = normalise(reader, self.reader_root)
        old = normalise(writer, self.writer_root)
        if new is True or new == {}:
            if old is not True and old != {}:
                self.note("TYPE_EXTENDED", pointer, "anything is accepted here now")
        elif old is False:
            self.note("TYPE_EXTENDED", pointer, "was forbidden, may be sent now")
        elif new is False:
            self.note("TYPE_NARROWED", pointer, "was accepted, is forbidden now", breaks=True)
        else:
            assert isinstance(new, dict)
            shape = old if isinstance(old, dict) else {}
            declared = frozenset(declared_names(shape, self.writer_root))
            branches = list(combined.alternatives(shape, writer, self.writer_root))
            pairs = [Pair(new, branch, reader, raw, pointer, declared) for branch, raw in branches]
            if len(pairs) == 1:
                self.compare_shapes(pairs[0])
            else:
                self._compare_alternatives(pairs, pointer)

    def _compare_alternatives(self, pairs: list[Pair], pointer: str) -> None:
        """Compare a reader with each alternative of a writer; only what breaks is listed apart."""
        inner = replace(self, differences=[])
        for pair in pairs:
            inner.compare_shapes(pair)
        breaking = [d for d in inner.differences if d.breaks]
        if not breaking:
            if inner.differences:
                self.note("SUM_TYPE_EXTENDED", pointer, "every alternative is still accepted")
            return
        self.note(
            "SUM_TYPE_NARROWED",
            pointer,
            "not every alternative of the writer is accepted",
            breaks=True,
            tolerated=all(d.tolerated for d in breaking),
            undecided=all(d.undecided for d in breaking),
        )
        self.differences += breaking

    def compare_shapes(self, pair: Pair) -> None:
        """Compare every group of keywords of a reader with one alternative of a writer."""
        self._note_unreadable(pair)
        values = scalars.finite_values(pair, self.writer_root)
        if values is not None:
            scalars.compare_values(self, pair, values)
            return
        kinds = atoms(pair.writer, self.writer_root.draft)
        accepted = atoms(pair.reader, self.reader_root.draft)
        scalars.compare_types(self, pair, kinds, accepted)
        pair = replace(pair, kinds=kinds & accepted)
        scalars.compare_enum(self, pair)
        scalars.compare_numbers(self, pair)
        scalars.compare_strings(self, pair)
        if "object" in pair.kinds:
            objects.compare(self, pair)
        if "array" in pair.kinds:
            arrays.compare(self, pair)
        combined.compare(self, pair)

    def _note_unreadable(self, pair: Pair) -> None:
        """Say what of the reader can't be compared; of the writer it may be left out of account."""
        if UNRESOLVED in pair.reader:
            reference = pair.reader[UNRESOLVED]
            text = f"the reference {reference!r} can't be followed here"
            self.note("REFERENCE_UNRESOLVED", pair.pointer, text, undecided=True)
        for keyword in ("$dynamicRef", "$recursiveRef"):
            if keyword in pair.reader:
                text = f"{keyword} depends on where it is reached from"
                self.note("REFERENCE_UNRESOLVED", pair.pointer, text, undecided=True)

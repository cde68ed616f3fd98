"""Remediation steps as they stand in a schema file, compiled and checked against the schema."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dataquarantine.errors import InvalidSchema
from dataquarantine.validation.remediation.kinds import KINDS
from dataquarantine.validation.remediation.reader import StepReader
from dataquarantine.validation.remediation.steps import Default, Rename, Set, Step
from dataquarantine.validation.rules.declarations import document_type
from dataquarantine.validation.rules.diagnostics import did_you_mean

_MAX_STEPS = 100


class Remediation:
    """The repair steps of one schema version.

    Cost: a copy of the document and two passes over the steps; only for records that failed.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)

    def apply(self, document: Any, now: datetime) -> tuple[Any, tuple[str, ...]]:
        """Return a repaired copy and the labels of the steps that changed something.

        Applying again changes nothing: steps that do not settle after one pass (each undoes
        another) are not applied at all.
        """
        changed, taken = self._pass(document, now)
        if not taken or self._pass(changed, now)[1]:
            return document, ()
        return changed, taken

    def _pass(self, document: Any, now: datetime) -> tuple[Any, tuple[str, ...]]:
        changed = copy.deepcopy(document)
        taken = tuple(step.label for step in self._steps if step.change(changed, now))
        return changed, taken


def compile_remediation(
    steps: Sequence[Mapping[str, Any]],
    definition: Mapping[str, Any] | None,
    *,
    keep: Collection[str] = (),
) -> Remediation:
    """Compile the steps of a schema version.

    Args: definition: its JSON Schema; None when the fields are not known. keep: top-level fields
        that `drop_unknown` never removes (what selects the schema).
    Raises: InvalidSchema naming the step and the remedy.
    """
    if len(steps) > _MAX_STEPS:
        raise InvalidSchema(f"{len(steps)} remediation steps", remedy=f"at most {_MAX_STEPS}")
    reader = StepReader(
        document_type(definition),
        known=definition is not None,
        keep=frozenset(keep),
        renamed=_rename_sources(steps),
    )
    made = [step for number, each in enumerate(steps) for step in _compiled(reader, number, each)]
    _refuse_undone(made)
    return Remediation(made)


def _compiled(reader: StepReader, number: int, step: Any) -> Iterator[Step]:
    """Compile one entry of the list; short forms may name several fields."""
    reader.where = f"remediation[{number}]"
    if not isinstance(step, Mapping) or len(step) != 1:
        raise reader.wrong("a step has one name", "such as `- trim: user_id`")
    name, value = next(iter(step.items()))
    reader.where = f"remediation[{number}] {name}"
    if name not in KINDS:
        remedy = did_you_mean(str(name), KINDS) or f"use {', '.join(KINDS)}"
        raise reader.wrong("unknown step", remedy)
    yield from KINDS[name](reader, value)


def _rename_sources(steps: Sequence[Any]) -> frozenset[str]:
    renames = [step["rename"] for step in steps if isinstance(step, Mapping) and "rename" in step]
    return frozenset(
        str(rename["from"])
        for rename in renames
        if isinstance(rename, Mapping) and "from" in rename
    )


def _refuse_undone(steps: Sequence[Step]) -> None:
    """Refuse a field that is made and then renamed away: the next pass would make it again."""
    for number, step in enumerate(steps):
        if not isinstance(step, Default | Set):
            continue
        for later in steps[number + 1 :]:
            if isinstance(later, Rename) and later.path.segments == step.path.segments:
                raise InvalidSchema(
                    f"{step.path} is made here and renamed by a later step",
                    where=f"remediation step `{step.label}`",
                    remedy=f"rename first, then use {later.to}",
                )

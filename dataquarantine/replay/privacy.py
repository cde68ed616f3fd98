"""What a person who sees personal data masked may do in a repair: leave it where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dataquarantine.errors import DataQuarantineError
from dataquarantine.replay import json_patch
from dataquarantine.validation.masking import KEYWORD, holds_marks, is_masked
from dataquarantine.validation.subschemas import walk

Definition = Mapping[str, Any] | None
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class MaskedPlace(DataQuarantineError):
    """A repair touches what the one who asks for it can't see."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place or 'the whole document'} holds personal data, which is read-only for you; "
            "a role that may unmask can repair it"
        )


def check_patch(patch: Sequence[json_patch.Operation], definition: Definition) -> None:
    """Refuse a patch that reads or changes what is masked, or something that holds it.

    Raises: MaskedPlace.
    """
    for segments in json_patch.places(patch):
        place = [int(s) if s.isdecimal() else s for s in segments]
        if definition is None:
            raise MaskedPlace(json_patch.pointer_text(segments))
        if is_masked(definition, place) or holds_marks(definition, place):
            raise MaskedPlace(json_patch.pointer_text(segments))


def check_recipe(steps: Sequence[Mapping[str, Any]], definition: Definition) -> None:
    """Refuse steps that name a masked field; `drop_unknown` alone removes without naming.

    By names wherever they stand, also in expressions: too much is refused rather than too little.

    Raises: MaskedPlace.
    """
    if definition is None:
        raise MaskedPlace("a record of an unknown schema")
    private = set(_marked_names(definition))
    for word in (word for step in steps for word in _words(step)):
        if word in private:
            raise MaskedPlace(word)


def _marked_names(definition: Any) -> Iterator[str]:
    for at in walk(definition):
        properties = at.schema.get("properties") if isinstance(at.schema, dict) else None
        for name, below in properties.items() if isinstance(properties, dict) else ():
            if any(isinstance(a.schema, dict) and KEYWORD in a.schema for a in walk(below)):
                yield name


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _WORD.findall(value)
        yield value
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield str(name)
            yield from _words(below)
    elif isinstance(value, list):
        for below in value:
            yield from _words(below)

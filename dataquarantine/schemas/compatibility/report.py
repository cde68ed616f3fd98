"""What a comparison of two schemas finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final


class Policy(StrEnum):
    """How undeclared properties of an open object are read.

    STRICT: an open writer may send anything under any name it does not declare.
    LENIENT: nobody promised undeclared properties, so a writer is taken to send none.
    """

    STRICT = "STRICT"
    LENIENT = "LENIENT"


class _Missing:
    """No counter-example was found; `None` is a record (JSON null)."""

    def __repr__(self) -> str:
        return "NO_EXAMPLE"


NO_EXAMPLE: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Difference:
    """One change from writer to reader.

    code: Confluent's name where it has one, else one of ours (docs/reference/compatibility.md).
    pointer: RFC 6901, in the reader; in the writer when the reader has nothing there.
    breaks: under STRICT a record of the writer may fail under the reader because of it.
    tolerated: LENIENT accepts it although STRICT does not.
    undecided: it could not be decided whether it breaks; `breaks` is then true.
    """

    code: str
    pointer: str
    message: str
    breaks: bool = False
    tolerated: bool = False
    undecided: bool = False
    direction: str = ""

    def breaks_under(self, policy: Policy) -> bool:
        """Tell whether this difference alone makes the pair incompatible."""
        return self.breaks and not (self.tolerated and policy is Policy.LENIENT)

    def decided_by(self, policy: Policy) -> str:
        """Name the policy that decided, or say that the policy made no difference."""
        return policy.value if self.tolerated else "BOTH"

    def moved(self, prefix: str) -> Difference:
        """Return the same difference below a pointer."""
        return replace(self, pointer=prefix + self.pointer)


class Notes:
    """What a comparison has found so far."""

    differences: list[Difference]

    def note(
        self,
        code: str,
        pointer: str,
        message: str,
        *,
        breaks: bool = False,
        tolerated: bool = False,
        undecided: bool = False,
    ) -> None:
        """Add a difference."""
        self.differences.append(
            Difference(code, pointer, message, breaks or undecided, tolerated, undecided)
        )


@dataclass(frozen=True, slots=True)
class CompatibilityReport:
    """The answer to "may this schema replace that one".

    undecided: what could not be decided; anything here makes the answer no.
    counter_example: a record valid for the writer and refused by the reader, or NO_EXAMPLE.
    compared: what was compared with what, as `reader <- writer`.
    """

    compatible: bool
    policy: Policy
    differences: tuple[Difference, ...] = ()
    undecided: tuple[str, ...] = ()
    counter_example: Any = NO_EXAMPLE
    counter_reason: str = ""
    compared: tuple[str, ...] = field(default=())

    @property
    def has_counter_example(self) -> bool:
        return self.counter_example is not NO_EXAMPLE

    def breaking(self) -> Iterator[Difference]:
        """Yield the differences that decided against."""
        return (d for d in self.differences if d.breaks_under(self.policy))

    def reasons(self) -> list[str]:
        """Return one plain sentence per reason for a refusal."""
        return [f"{d.code} at {d.pointer or '/'}: {d.message}" for d in self.breaking()] + [
            f"undecided: {text}" for text in self.undecided
        ]

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        answer: dict[str, Any] = {
            "compatible": self.compatible,
            "policy": self.policy.value,
            "compared": list(self.compared),
            "differences": [_difference_json(d, self.policy) for d in self.differences],
            "undecided": list(self.undecided),
        }
        if self.has_counter_example:
            answer["counter_example"] = self.counter_example
            answer["counter_reason"] = self.counter_reason
        return answer


def _difference_json(difference: Difference, policy: Policy) -> dict[str, Any]:
    return {
        "code": difference.code,
        "pointer": difference.pointer,
        "message": difference.message,
        "compatible": not difference.breaks_under(policy),
        "decided_by": difference.decided_by(policy),
        "undecided": difference.undecided,
        "direction": difference.direction,
    }


def joined(reports: Sequence[CompatibilityReport], policy: Policy) -> CompatibilityReport:
    """Fold comparisons with several versions into one answer; the first counter-example stays."""
    example = next((r for r in reports if r.has_counter_example), None)
    return CompatibilityReport(
        compatible=all(r.compatible for r in reports),
        policy=policy,
        differences=tuple(dict.fromkeys(d for r in reports for d in r.differences)),
        undecided=tuple(dict.fromkeys(u for r in reports for u in r.undecided)),
        counter_example=example.counter_example if example else NO_EXAMPLE,
        counter_reason=example.counter_reason if example else "",
        compared=tuple(name for r in reports for name in r.compared),
    )

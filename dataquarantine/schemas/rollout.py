"""What a shadow version would have done to the live traffic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dataquarantine.outcomes import ValidationOutcome
from dataquarantine.schemas.states import State

#: Samples kept per kind of disagreement.
MAX_SAMPLES = 10
MAX_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """One record that two versions judge differently; where it lies, never what it holds.

    message, field_path, code: of the version that refused it; messages are masked where `x-pii`.
    """

    source: str
    code: str
    message: str
    field_path: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "code": self.code,
            "message": self.message,
            "field_path": self.field_path,
        }


@dataclass(slots=True)
class ShadowFigures:
    """How a shadow version agrees with the version that decides.

    compared = agreeing + newly_failing + newly_passing.
    """

    compared: int = 0
    newly_failing: int = 0
    newly_passing: int = 0
    failing_samples: list[Sample] = field(default_factory=list)
    passing_samples: list[Sample] = field(default_factory=list)
    by_code: dict[str, int] = field(default_factory=dict)

    @property
    def disagreeing(self) -> int:
        return self.newly_failing + self.newly_passing

    @property
    def agreeing(self) -> int:
        return self.compared - self.disagreeing

    @property
    def agreement(self) -> float | None:
        """Share of equal verdicts; None before the first record."""
        return self.agreeing / self.compared if self.compared else None

    def count(self, source: str, decided: ValidationOutcome, shadowed: ValidationOutcome) -> None:
        """Count one record.

        Args: source: its coordinates, `topic/partition/offset`.
        Cost: an addition when both agree.
        """
        self.compared += 1
        if decided.passed is shadowed.passed:
            return
        if decided.passed:
            self.newly_failing += 1
            _keep(self.failing_samples, source, shadowed)
            code = str(shadowed.violations[0].code) if shadowed.violations else "ERROR"
            self.by_code[code] = self.by_code.get(code, 0) + 1
        else:
            self.newly_passing += 1
            _keep(self.passing_samples, source, decided)

    def add(self, other: ShadowFigures) -> None:
        """Fold the figures of another worker or chunk in."""
        self.compared += other.compared
        self.newly_failing += other.newly_failing
        self.newly_passing += other.newly_passing
        for code, count in other.by_code.items():
            self.by_code[code] = self.by_code.get(code, 0) + count
        _fold(self.failing_samples, other.failing_samples)
        _fold(self.passing_samples, other.passing_samples)

    def to_json(self, *, samples: bool = True) -> dict[str, Any]:
        """Return what the ledger carries and `schema state` shows."""
        found: dict[str, Any] = {
            "compared": self.compared,
            "agreement": self.agreement,
            "newly_failing": self.newly_failing,
            "newly_passing": self.newly_passing,
            "by_code": dict(sorted(self.by_code.items())),
        }
        if samples:
            found["failing_samples"] = [sample.to_json() for sample in self.failing_samples]
            found["passing_samples"] = [sample.to_json() for sample in self.passing_samples]
        return found

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ShadowFigures:
        """Read what `to_json` wrote."""
        return cls(
            value["compared"],
            value["newly_failing"],
            value["newly_passing"],
            [Sample(**sample) for sample in value.get("failing_samples", ())],
            [Sample(**sample) for sample in value.get("passing_samples", ())],
            dict(value.get("by_code", {})),
        )


def _keep(samples: list[Sample], source: str, outcome: ValidationOutcome) -> None:
    if len(samples) < MAX_SAMPLES:
        first = outcome.violations[0] if outcome.violations else None
        samples.append(
            Sample(
                source,
                str(first.code) if first else "ERROR",
                (outcome.error_message or "")[:MAX_MESSAGE],
                outcome.field_path,
            )
        )


def _fold(samples: list[Sample], more: Iterable[Sample]) -> None:
    samples.extend(list(more)[: MAX_SAMPLES - len(samples)])


def is_sampled(offset: int, sampling: float) -> bool:
    """Tell whether a shadow judges the record at an offset; the same on every reading of it."""
    if sampling >= 1:
        return True
    # Knuth's multiplicative hash spreads consecutive offsets evenly.
    return (offset * 2654435761 & 0xFFFFFFFF) < sampling * 2**32


def fallback_order(fallback: Iterable[str], states: Mapping[str, State]) -> tuple[str, ...]:
    """Return the versions that are tried after a version refused a record.

    Args: fallback: as the refusing version's file lists them, the first tried first.
        states: of every registered version of the name; those that do not judge are passed over.
    """
    judging = [v for v in fallback if v in states and states[v].judges]
    return tuple(dict.fromkeys(judging))

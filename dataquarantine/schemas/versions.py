"""Which SemVer version a change needs. Source: SemVer 2.0.0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import semver

from dataquarantine.schemas.compatibility import (
    CompatibilityReport,
    Policy,
    compare_documents,
    directions,
)
from dataquarantine.schemas.documents import Compatibility, SchemaDocument

FIRST_VERSION = "1.0.0"
_TEXTS = frozenset({"TITLE_CHANGED", "DESCRIPTION_CHANGED", "ID_CHANGED"})


class Bump(IntEnum):
    """How far a version number moves."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class VersionProblem:
    """Why a version number is refused, and which one would do."""

    reason: str
    suggested: str


def version_key(version: str) -> semver.Version:
    """Return what versions are ordered by (SemVer, section 11)."""
    return semver.Version.parse(version)


def highest(versions: Iterable[str]) -> str | None:
    """Return the highest version; a pre-release only when there is nothing else."""
    known = list(versions)
    released = [v for v in known if not version_key(v).prerelease]
    return max(released or known, key=version_key, default=None)


def predecessor(version: str, existing: Iterable[str]) -> str | None:
    """Return the version that a new one is compared with: the highest release below it."""
    mine = version_key(version)
    return highest(v for v in existing if version_key(v) < mine)


def required_bump(
    new: SchemaDocument,
    before: SchemaDocument,
    mode: Compatibility,
    policy: Policy,
    *,
    resources: dict[str, Any] | None = None,
) -> tuple[Bump, tuple[CompatibilityReport, ...]]:
    """Compute the least bump: break = major, compatible change = minor, no effect = patch.

    A break is what the mode forbids; NONE forbids nothing and is read as BACKWARD here.
    Returns: also what was compared, new as reader first.
    """
    backward = compare_documents(new, before, policy, "BACKWARD", resources)
    forward = compare_documents(before, new, policy, "FORWARD", resources)
    reports = {"BACKWARD": backward, "FORWARD": forward}
    if not (_is_noticed(backward, new) or _is_noticed(forward, new)):
        return Bump.PATCH, (backward, forward)
    watched = directions("BACKWARD" if mode == "NONE" else mode)
    broken = [reports[d] for d in watched if not reports[d].compatible]
    return (Bump.MAJOR if broken else Bump.MINOR), (backward, forward)


def _is_noticed(report: CompatibilityReport, new: SchemaDocument) -> bool:
    """Tell whether anybody sees the change: a record that fails, a property, a field."""
    if not report.compatible or any(d.breaks for d in report.differences):
        return True
    codes = {d.code for d in report.differences} - _TEXTS
    if new.type == "avro":
        return bool(codes)
    # Both sides take the same records; what was only written in another way is no change.
    return any("PROPERTY" in code for code in codes)


def check_bump(
    version: str, before: str, bump: Bump, reasons: Iterable[str]
) -> VersionProblem | None:
    """Refuse a version that promises more than the difference keeps.

    A bigger bump than needed is accepted. Below 1.0.0 a minor bump may break (SemVer, section 4).
    """
    new, old = version_key(version), version_key(before)
    needed = Bump.MINOR if bump is Bump.MAJOR and old.major == 0 else bump
    if made_bump(old, new) >= needed:
        return None
    kind = {Bump.MAJOR: "a break", Bump.MINOR: "a compatible change", Bump.PATCH: "a change"}[bump]
    listed = "; ".join(list(reasons)[:3])
    suggested = next_version(before, needed)
    because = f" ({listed})" if listed else ""
    return VersionProblem(
        f"{version} follows {before} with {kind}{because}; that needs a {needed} bump: {suggested}",
        suggested,
    )


def made_bump(old: semver.Version, new: semver.Version) -> Bump:
    """Tell how far the number moved."""
    if new.major != old.major:
        return Bump.MAJOR
    if new.minor != old.minor:
        return Bump.MINOR
    # A release has at least the bump that its pre-releases had.
    if old.prerelease:
        return (
            Bump.MAJOR
            if not (old.minor or old.patch)
            else (Bump.MINOR if not old.patch else Bump.PATCH)
        )
    return Bump.PATCH


def next_version(before: str | None, bump: Bump) -> str:
    """Return the version after another one."""
    if before is None:
        return FIRST_VERSION
    old = version_key(before).finalize_version()
    if bump is Bump.MAJOR:
        return str(old.bump_major())
    return str(old.bump_minor() if bump is Bump.MINOR else old.bump_patch())

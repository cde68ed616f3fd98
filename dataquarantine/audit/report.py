"""A verdict as JSON and as one page of text."""

from __future__ import annotations

from typing import Any

from dataquarantine.audit.auditor import Verdict, combined
from dataquarantine.audit.findings import Kind
from dataquarantine.audit.ranges import Proof

FIGURES = (
    *("seen", "valid", "invalid", "error", "tombstone_forwarded", "unjudged"),
    *("redelivered", "expired", "skipped", "lost"),
)
#: So many findings fit on the page; JSON has all of them.
MOST_SHOWN = 40


def as_document(verdict: Verdict) -> dict[str, Any]:
    """Say everything, for programs."""
    return {
        "verdict": "nothing lost" if verdict.is_clean else "lost or contradictory",
        "clean": verdict.is_clean,
        "basis": basis(verdict),
        "partitions": [_partition(proof, verdict) for proof in verdict.proofs],
        "totals": {name: combined(verdict.proofs, name) for name in FIGURES},
        "findings": [
            {
                "kind": finding.kind.value,
                "topic": finding.tp.topic,
                "partition": finding.tp.partition,
                "first_offset": finding.first_offset,
                "next_offset": finding.next_offset,
                "count": finding.count,
                "detail": finding.detail,
            }
            for finding in verdict.findings
        ],
        "unreadable_entries": verdict.unreadable,
        "remarks": verdict.remarks,
    }


def as_page(verdict: Verdict) -> str:
    """Say it on one page."""
    figures = [name.replace("tombstone_forwarded", "tombstones") for name in FIGURES]
    rows = [["partition", "offsets", *figures]]
    for proof in verdict.proofs:
        figures = [f"{getattr(proof, name):,}" for name in FIGURES]
        rows.append([str(proof.tp), f"{proof.first_offset:,}..{proof.next_offset:,}", *figures])
    if len(verdict.proofs) > 1:
        totals = [f"{combined(verdict.proofs, name):,}" for name in FIGURES]
        rows.append(["all", "", *totals])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    findings = verdict.findings
    lines += ["", *(_finding(finding) for finding in findings[:MOST_SHOWN])]
    if len(findings) > MOST_SHOWN:
        lines.append(f"  and {len(findings) - MOST_SHOWN} more findings: see --json")
    if verdict.unreadable:
        lines.append(f"  INCONSISTENT {verdict.unreadable} records of the ledger can't be read")
    lines += [f"  note: {remark}" for remark in verdict.remarks]
    if sum(verdict.duplicates.values()):
        lines.append(f"  note: {sum(verdict.duplicates.values()):,} records were written twice")
    return "\n".join([*lines, "", _sentence(verdict)])


def basis(verdict: Verdict) -> str:
    """Say on what a verdict rests."""
    return "record by record" if verdict.deep else "self-reported"


def _sentence(verdict: Verdict) -> str:
    if not verdict.proofs:
        return "VERDICT: the ledger has no entry of these topics in that time; nothing is proved"
    if not verdict.is_clean:
        kinds = sorted({finding.kind.value for finding in verdict.findings if finding.is_loss})
        return f"VERDICT: NOT CLEAN ({', '.join(kinds) or 'unreadable entries'}), {basis(verdict)}"
    more = "" if verdict.deep else "; --deep matches record by record"
    return (
        f"VERDICT: nothing lost of {combined(verdict.proofs, 'seen'):,} records, "
        f"{basis(verdict)}{more}"
    )


def _finding(finding: Any) -> str:
    where = f"{finding.tp} {finding.first_offset}"
    if finding.next_offset > finding.first_offset + 1:
        where += f"..{finding.next_offset - 1}"
    label = finding.kind.value.upper() if finding.kind is not Kind.REDELIVERED else "redelivered"
    return f"  {label} {where} ({finding.count}): {finding.detail}"


def _partition(proof: Proof, verdict: Verdict) -> dict[str, Any]:
    return {
        "topic": proof.tp.topic,
        "partition": proof.tp.partition,
        "first_offset": proof.first_offset,
        "next_offset": proof.next_offset,
        "entries": proof.entries,
        **{name: getattr(proof, name) for name in FIGURES},
        "remediated": proof.remediated,
        "uncertain": proof.uncertain,
        "written_twice": verdict.duplicates.get(proof.tp),
    }

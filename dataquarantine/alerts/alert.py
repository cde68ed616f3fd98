"""An alert, and the two forms in which it leaves the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

#: Of the fields of one Slack message.
MAX_FACTS = 10
_COLOURS = {"critical": "#c0392b", "warning": "#e67e22", "resolved": "#27ae60"}


class AlertKind(StrEnum):
    """What an alert is about; stable, made to route on."""

    BREAKER_OPEN = "breaker_open"
    SCHEMA_NOT_FOUND = "schema_not_found"
    STORE_DOWN = "store_down"
    COMMIT_STALLED = "commit_stalled"
    RETENTION_NEAR = "retention_near"
    PASSTHROUGH = "passthrough"


class AlertSeverity(StrEnum):
    """How soon somebody must look."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that lasts until it is resolved.

    subject: what it is about: a topic or a store. owners: of the schemas that are concerned.
    facts: bounded and free of payloads, keys and secrets.
    """

    kind: AlertKind
    severity: AlertSeverity
    subject: str
    summary: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    owners: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name what lasts; the same for its repetitions and its end."""
        return f"{self.kind}/{self.subject}"


@dataclass(frozen=True, slots=True)
class Notice:
    """One telling of an alert: that it fires, or that it is over."""

    alert: Alert
    resolved: bool
    at: datetime
    cluster_id: str
    worker: str

    def to_json(self) -> dict[str, Any]:
        """Write it for programs."""
        alert = self.alert
        return {
            "version": 1,
            "key": alert.key,
            "status": "resolved" if self.resolved else "firing",
            "kind": alert.kind.value,
            "severity": alert.severity.value,
            "subject": alert.subject,
            "summary": alert.summary,
            "facts": dict(alert.facts),
            "owners": list(alert.owners),
            "cluster_id": self.cluster_id,
            "worker": self.worker,
            "at": self.at.isoformat(),
        }

    def to_slack(self) -> dict[str, Any]:
        """Write it for people, as Slack, Mattermost and their kin take it."""
        alert = self.alert
        state = "resolved" if self.resolved else alert.severity.value
        facts = {**alert.facts, "owners": ", ".join(alert.owners), "cluster": self.cluster_id}
        fields = [
            {"title": _escape(name), "value": _escape(str(value))[:500], "short": True}
            for name, value in list(facts.items())[:MAX_FACTS]
            if value not in ("", None)
        ]
        text = _escape(alert.summary)
        return {
            "text": f"[{state.upper()}] {text}",
            "attachments": [{"color": _COLOURS[state], "fallback": text, "fields": fields}],
        }


def _escape(text: str) -> str:
    """Take the meaning from Slack's control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

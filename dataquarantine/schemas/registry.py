"""Every registered version and its state: a fold of the table `schemas`, and nothing else.

Keys, one row each, so that compaction keeps all that is needed:

    doc/<name>/<version>     the document, its id and who registered it; never changes
    state/<name>/<version>   its state and every change of it; absent means as registered
    config/<name>            how new versions are checked; an empty name means every name
    shadow/<name>/<version>/<worker>   what a worker's shadow of it has shown so far
    remote/<registry>/<id>   a schema read through from another registry; never changes
    decision/<proposal id>   the answer to a proposal; the oldest are dropped
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from dataquarantine.schemas.compatibility import Policy
from dataquarantine.schemas.documents import Compatibility, SchemaDocument
from dataquarantine.schemas.proposals import Answer
from dataquarantine.schemas.rollout import ShadowFigures
from dataquarantine.schemas.states import State
from dataquarantine.schemas.versions import highest, version_key

DOC, STATE, CONFIG, DECISION = "doc/", "state/", "config/", "decision/"
SHADOW, REMOTE = "shadow/", "remote/"
#: Answers kept for callers that ask again; older proposals are not repeated.
MAX_DECISIONS = 500


@dataclass(slots=True)
class Entry:
    """One registered version. The document stays bytes until somebody wants it.

    number: position among the versions of its name, from 1, as Confluent counts.
    """

    name: str
    version: str
    id: int
    number: int
    content_hash: str
    schema_hash: str
    row: bytes
    state: State = State.REGISTERED
    sampling: float = 1.0
    state_row: bytes | None = None

    @property
    def document(self) -> SchemaDocument:
        return _document(self.row)

    @property
    def record(self) -> dict[str, Any]:
        """The row as registered: document, id, by, why, at, extras."""
        found: dict[str, Any] = json.loads(self.row)
        return found

    @property
    def since(self) -> str:
        """When it came into its state."""
        return str(self.history[-1]["at"])

    @property
    def history(self) -> list[dict[str, Any]]:
        """Every change of state, oldest first, the registration among them."""
        made = self.record
        first = {
            "at": made["at"],
            "by": made["by"],
            "why": made["why"],
            "from": None,
            "to": made["state"],
        }
        if self.state_row is None:
            return [first]
        return [first, *json.loads(self.state_row)["history"]]


@lru_cache(maxsize=256)
def _document(row: bytes) -> SchemaDocument:
    return SchemaDocument.model_validate(json.loads(row)["document"])


@dataclass(frozen=True, slots=True)
class Config:
    """How new versions are checked; None means: ask the next wider rule."""

    compatibility: Compatibility | None = None
    policy: Policy | None = None
    mode: str | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    row: bytes | None = None


@dataclass
class Registry:
    """The state that proposals are decided against."""

    names: dict[str, dict[str, Entry]] = field(default_factory=dict)
    by_id: dict[int, Entry] = field(default_factory=dict)
    configs: dict[str, Config] = field(default_factory=dict)
    decisions: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    #: (name, version) -> worker -> row
    shadows: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    #: key -> row
    remotes: dict[str, bytes] = field(default_factory=dict)
    sequence: int = 0
    #: every proposal up to this offset of the log is decided
    decided_offset: int = -1
    #: states that arrived before their document: rows come in any order after compaction
    _early: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, bytes]]) -> Registry:
        """Rebuild from table rows in any order."""
        made = cls()
        waiting: list[tuple[int, str, bytes]] = []
        for key, value in rows:
            if key.startswith(DECISION):
                waiting.append((json.loads(value).get("sequence", 0), key, value))
            else:
                made.put(key, value)
        for _, key, value in sorted(waiting):
            made.put(key, value)
        return made

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Yield every row: the snapshot that `from_rows` restores."""
        for versions in self.names.values():
            for entry in versions.values():
                yield f"{DOC}{entry.name}/{entry.version}", entry.row
                if entry.state_row is not None:
                    yield f"{STATE}{entry.name}/{entry.version}", entry.state_row
        for name, config in self.configs.items():
            if config.row is not None:
                yield CONFIG + name, config.row
        for (shadow, version), workers in self.shadows.items():
            for worker, value in workers.items():
                yield f"{SHADOW}{shadow}/{version}/{worker}", value
        yield from self.remotes.items()
        for proposal, value in self.decisions.items():
            yield DECISION + proposal, value

    def put(self, key: str, value: bytes | None) -> None:
        """Fold one row; None deletes it. Keys of other kinds are passed over."""
        if key.startswith(DOC) and value is not None:
            self._put_document(value)
        elif key.startswith(STATE) and value is not None:
            name, _, version = key.removeprefix(STATE).rpartition("/")
            self._put_state(name, version, value)
        elif key.startswith(SHADOW):
            self._put_shadow(key.removeprefix(SHADOW), value)
        elif key.startswith(REMOTE) and value is not None:
            self.remotes[key] = value
        elif key.startswith(CONFIG):
            self._put_config(key.removeprefix(CONFIG), value)
        elif key.startswith(DECISION):
            self._put_decision(key.removeprefix(DECISION), value)

    def _put_document(self, value: bytes) -> None:
        row = json.loads(value)
        name, version = row["document"]["name"], row["document"]["version"]
        entry = Entry(
            name,
            version,
            row["id"],
            row["number"],
            row["content_hash"],
            row["schema_hash"],
            value,
            State(row["state"]),
        )
        self.names.setdefault(name, {})[version] = entry
        self.by_id[entry.id] = entry
        early = self._early.pop((name, version), None)
        if early is not None:
            self._put_state(name, version, early)

    def _put_state(self, name: str, version: str, value: bytes) -> None:
        entry = self.entry(name, version)
        if entry is None:
            self._early[name, version] = value
            return
        row = json.loads(value)
        entry.state, entry.sampling, entry.state_row = State(row["state"]), row["sampling"], value

    def _put_shadow(self, key: str, value: bytes | None) -> None:
        name, version, worker = key.rsplit("/", 2)
        rows = self.shadows.setdefault((name, version), {})
        if value is None:
            rows.pop(worker, None)
        else:
            rows[worker] = value

    def shadow_figures(self, name: str, version: str) -> ShadowFigures | None:
        """Add up what the workers' shadows have shown since the version last came into shadow."""
        entry = self.entry(name, version)
        if entry is None or entry.state is not State.SHADOW:
            return None
        total = ShadowFigures()
        for value in list(self.shadows.get((name, version), {}).values()):
            row = json.loads(value)
            if row["since"] == entry.since:
                total.add(ShadowFigures.from_json(row["figures"]))
        return total

    def _put_config(self, name: str, value: bytes | None) -> None:
        if value is None:
            self.configs.pop(name, None)
            return
        row = json.loads(value)
        policy = row.get("policy")
        self.configs[name] = Config(
            row.get("compatibility"),
            Policy(policy) if policy else None,
            row.get("mode"),
            row.get("extras", {}),
            value,
        )

    def _put_decision(self, proposal: str, value: bytes | None) -> None:
        if value is None:
            self.decisions.pop(proposal, None)
            return
        self.decisions[proposal] = value
        answer = json.loads(value)
        self.sequence = max(self.sequence, answer.get("sequence", 0))
        self.decided_offset = max(self.decided_offset, answer.get("offset", -1))

    @property
    def next_id(self) -> int:
        return max(self.by_id, default=0) + 1

    def entry(self, name: str, version: str) -> Entry | None:
        """Look one version up."""
        return self.names.get(name, {}).get(version)

    def versions(self, name: str) -> list[Entry]:
        """Return the versions of a name, ascending."""
        return sorted(self.names.get(name, {}).values(), key=lambda e: version_key(e.version))

    def by_number(self, name: str) -> list[Entry]:
        """Return the versions of a name in the order of their registration."""
        return sorted(self.names.get(name, {}).values(), key=lambda e: e.number)

    def enforced(self, name: str) -> Entry | None:
        """Return the version that a record without a version is judged by."""
        known = self.names.get(name, {})
        latest = highest(v for v, entry in known.items() if entry.state is State.ENFORCED)
        return known[latest] if latest else None

    def answer(self, proposal: str) -> Answer | None:
        """Return the decision on a proposal that was made before."""
        value = self.decisions.get(proposal)
        return Answer.model_validate_json(value) if value is not None else None

    def compatibility(self, name: str, document: SchemaDocument | None = None) -> Compatibility:
        """Return the mode for new versions: of the name, of the document, of every name."""
        own = self.configs.get(name, Config()).compatibility
        if own is not None:
            return own
        if document is not None and "compatibility" in document.model_fields_set:
            return document.compatibility
        return self.configs.get("", Config()).compatibility or "BACKWARD"

    def policy(self, name: str) -> Policy:
        """Return the policy for new versions of a name."""
        own = self.configs.get(name, Config()).policy
        return own or self.configs.get("", Config()).policy or Policy.STRICT

    def mode(self, name: str) -> str:
        """Return READWRITE or READONLY."""
        own = self.configs.get(name, Config()).mode
        return own or self.configs.get("", Config()).mode or "READWRITE"

"""What a development environment keeps between runs: its passwords and ports."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dataquarantine.dev.endpoints import write_private


@dataclass(slots=True)
class DevState:
    """Made once per folder; a port is used again while nobody else has it."""

    postgres_password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    access_key: str = field(default_factory=lambda: f"dev{secrets.token_hex(8)}")
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    ports: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> DevState:
        """Read the state of a folder; a new one when there is none."""
        path = folder / "state.json"
        return cls(**json.loads(path.read_text("utf-8"))) if path.exists() else cls()

    def save(self, folder: Path) -> None:
        """Write the state; only its owner may read it."""
        write_private(folder / "state.json", json.dumps(asdict(self), indent=2))

"""The table `schemas`: the registry's rows in RocksDB on every worker.

Its changelog is the schema log itself, so every worker holds every row and no second topic copies
them: Faust reads it from where the folder stands, and from the start when the folder is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import faust

from dataquarantine.schemas.proposals import PROPOSAL_PREFIX

from .app import app, gateway

_PROPOSAL = PROPOSAL_PREFIX.encode()


class SchemaTable(faust.GlobalTable):  # type: ignore[misc]  # untyped base
    """Written through the log alone: assigning to it would put rows there that nobody decided."""

    def _changelog_topic_name(self) -> str:
        return str(gateway.settings.schemas.topic)

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Store rows; what is asked and not decided is none."""
        super().apply_changelog_batch(
            [event for event in batch if not (event.message.key or b"").startswith(_PROPOSAL)]
        )

    def kept_rows(self) -> Iterator[tuple[str, bytes]]:
        """Read what this worker's folder holds; needs no broker."""
        self.data._db_for_partition(0)  # noqa: SLF001  # else Faust opens it with the assignment
        for key, value in self.items():
            yield key.decode(), value


table = app.tables.add(
    SchemaTable(
        app,
        name="schemas",
        is_global=True,
        partitions=1,
        recovery_buffer_size=1,  # with more, rows arrive only when so many have come
        key_type=bytes,
        value_type=bytes,
        store="rocksdb:schemas",  # an URL that names nothing counts as none given
        help="rows of the schema registry, by their key on the schema log",
        options={"driver": "rocksdict"},
    )
)
gateway.schemas.kept_rows = table.kept_rows

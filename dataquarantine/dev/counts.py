"""How many records were judged and stored, while a development environment runs."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass

import sqlalchemy

from dataquarantine.settings import Settings
from dataquarantine.store.postgres import Database

_SAMPLE = re.compile(r"dataquarantine_records_(processed|valid|invalid)_total\{.*\} (\S+)")
_ROWS = sqlalchemy.text(
    "SELECT count(*), count(*) FILTER (WHERE status <> 'quarantined') FROM quarantine_records"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """One look; what the worker can't say now is `None`. Rows are of earlier runs too."""

    judged: int | None
    valid: int | None
    invalid: int | None
    rows: int
    stored: int


class Counter:
    """Looks at the worker's metrics and at the database.

    Not at the topics: Tansu's end offsets lag behind by up to a batch a partition.
    """

    def __init__(self, settings: Settings) -> None:
        self._metrics = f"http://127.0.0.1:{settings.web.port}/metrics"
        self._database = Database(settings.postgres.url.get_secret_value(), pool_size=1)

    def look(self) -> Counts:
        """Count now; blocks.

        Raises: SinkUnavailable when Postgres does not answer.
        """
        judged = self._judged()
        row = self._database.transact(lambda connection: connection.execute(_ROWS).one())
        return Counts(
            judged.get("processed"), judged.get("valid"), judged.get("invalid"), row[0], row[1]
        )

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _judged(self) -> dict[str, int]:
        try:
            with urllib.request.urlopen(self._metrics, timeout=2) as answer:
                text = answer.read().decode("utf-8")
        except (OSError, urllib.error.URLError):
            return {}
        sums = {"processed": 0, "valid": 0, "invalid": 0}
        for name, value in _SAMPLE.findall(text):
            sums[name] += int(float(value))
        return sums

"""Day partitions on a real Postgres."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy
from sqlalchemy import text

from dataquarantine.quarantine.entries import entry_of
from dataquarantine.store.partitions import DAYS_AHEAD, Partitions
from dataquarantine.store.postgres import Database
from dataquarantine.store.row import QuarantineRow
from dataquarantine.store.rows import PostgresRows
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source

RETENTION_DAYS = 5


@pytest.fixture
def partitions(database: Database) -> Partitions:
    return Partitions(database, retention_days=RETENTION_DAYS)


def rows_at(*times_ms: int, quarantined_at: datetime = NOW) -> list[QuarantineRow]:
    sources = [source(n, timestamp=at) for n, at in enumerate(times_ms)]
    letters = dead_letters(sources, now=quarantined_at)
    return [entry_of(letter, CLUSTER, NOW).row for letter in letters]


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def count_by_partition(database: Database) -> dict[str, int]:
    statement = text("SELECT tableoid::regclass::text, count(*) FROM quarantine_records GROUP BY 1")
    with database.engine.connect() as connection:
        return {name: count for name, count in connection.execute(statement)}


def partition_names(database: Database) -> set[str]:
    names = sqlalchemy.inspect(database.engine).get_table_names()
    return {name for name in names if name.startswith("quarantine_records_")}


def test_there_is_a_partition_for_each_day_of_retention_and_three_ahead(
    database: Database, partitions: Partitions
) -> None:
    first = partitions.maintain(NOW)
    again = partitions.maintain(NOW)

    assert first.made == RETENTION_DAYS + 1 + DAYS_AHEAD
    assert again.made == 0
    assert {"quarantine_records_20251222", "quarantine_records_20251230"} < partition_names(
        database
    )


@pytest.mark.parametrize(
    ("timestamp_ms", "partition"),
    [
        (-1, "quarantine_records_default"),
        (0, "quarantine_records_default"),
        (253_402_300_799_999, "quarantine_records_default"),
        (2**62, "quarantine_records_default"),
        (ms(NOW), "quarantine_records_20251227"),
        (ms(NOW.replace(hour=0, minute=0, second=0)) - 1, "quarantine_records_20251226"),
    ],
    ids=["none", "1970", "9999", "beyond time", "today", "a millisecond before midnight"],
)
def test_every_timestamp_has_a_partition(
    database: Database, partitions: Partitions, timestamp_ms: int, partition: str
) -> None:
    partitions.maintain(NOW)

    PostgresRows(database).insert(rows_at(timestamp_ms))

    assert count_by_partition(database) == {partition: 1}


def test_a_new_day_takes_its_rows_out_of_default(
    database: Database, partitions: Partitions
) -> None:
    tomorrow = ms(NOW + timedelta(days=1))
    PostgresRows(database).insert(rows_at(ms(NOW), ms(NOW), tomorrow, 0))

    maintained = partitions.maintain(NOW)

    assert maintained.moved == 3
    assert count_by_partition(database) == {
        "quarantine_records_20251227": 2,
        "quarantine_records_20251228": 1,
        "quarantine_records_default": 1,
    }


def test_rows_written_while_partitions_are_made_all_arrive(
    database: Database, partitions: Partitions
) -> None:
    rows = PostgresRows(database)
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            for number in range(30):
                day = NOW - timedelta(days=number % 5)
                sources = [source(writer * 1000 + number, timestamp=ms(day))]
                [letter] = dead_letters(sources)
                rows.insert([entry_of(letter, CLUSTER, NOW).row])
        except BaseException as exc:
            failures.append(exc)

    writers = [threading.Thread(target=write, args=[n]) for n in range(2)]
    maintainers = [threading.Thread(target=lambda: partitions.maintain(NOW)) for _ in range(2)]
    for thread in (*writers, *maintainers):
        thread.start()
    for thread in (*writers, *maintainers):
        thread.join()
    partitions.maintain(NOW)

    counts = count_by_partition(database)
    assert not failures
    assert sum(counts.values()) == 60
    assert "quarantine_records_default" not in counts


def test_retention_counts_from_quarantine_not_from_the_records_time(
    database: Database, partitions: Partitions
) -> None:
    long_ago = NOW - timedelta(days=RETENTION_DAYS + 2)
    earlier = Partitions(database, retention_days=RETENTION_DAYS)
    earlier.maintain(long_ago)
    backfilled = rows_at(ms(long_ago), quarantined_at=NOW)
    sources = [source(100 + n, timestamp=t) for n, t in enumerate([ms(long_ago), 0, ms(NOW)])]
    old = [entry_of(letter, CLUSTER, NOW).row for letter in dead_letters(sources, now=long_ago)]
    PostgresRows(database).insert(backfilled + old)

    maintained = partitions.maintain(NOW)

    assert maintained.deleted == 3
    assert count_by_partition(database) == {f"quarantine_records_{long_ago:%Y%m%d}": 1}


def test_a_day_of_which_all_is_expired_is_dropped(
    database: Database, partitions: Partitions
) -> None:
    long_ago = NOW - timedelta(days=RETENTION_DAYS + 2)
    partitions.maintain(long_ago)
    PostgresRows(database).insert(rows_at(ms(long_ago), quarantined_at=long_ago))

    maintained = partitions.maintain(NOW)

    assert maintained.dropped > 0
    assert f"quarantine_records_{long_ago:%Y%m%d}" not in partition_names(database)
    assert count_by_partition(database) == {}


def test_the_clock_of_the_partition_is_utc(database: Database, partitions: Partitions) -> None:
    partitions.maintain(datetime(2025, 12, 27, 23, 30, tzinfo=UTC))

    PostgresRows(database).insert(rows_at(ms(datetime(2025, 12, 27, 23, 59, tzinfo=UTC))))

    assert count_by_partition(database) == {"quarantine_records_20251227": 1}

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dataquarantine.errors import ConfigError
from dataquarantine.records import TopicPartition
from dataquarantine.validation.isolation import ChunkJournal

TP = TopicPartition("raw-events", 0)
OTHER = TopicPartition("raw-events", 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "worker" / "journal"


def died_on(path: Path, first: int, next_: int, partition: TopicPartition = TP) -> int:
    """Begin a chunk in a process that ends there; tell what it was told."""
    journal = ChunkJournal(path)
    deaths = journal.begin(partition, first, next_)
    journal.close()
    return deaths


def test_chunk_that_was_finished_is_not_suspected(path: Path) -> None:
    journal = ChunkJournal(path)
    journal.begin(TP, 0, 100)
    journal.done(TP, 100)
    journal.close()

    assert ChunkJournal(path).begin(TP, 0, 100) == 0


def test_every_death_is_counted(path: Path) -> None:
    assert [died_on(path, 100, 200) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("first", "next_", "deaths"),
    [
        pytest.param(100, 200, 1, id="same"),
        pytest.param(0, 101, 1, id="overlaps-front"),
        pytest.param(199, 500, 1, id="overlaps-back"),
        pytest.param(0, 500, 1, id="holds-it"),
        pytest.param(150, 160, 1, id="lies-inside"),
        pytest.param(0, 100, 0, id="before"),
        pytest.param(200, 300, 0, id="after"),
    ],
)
def test_chunk_is_suspected_when_it_overlaps(
    path: Path, first: int, next_: int, deaths: int
) -> None:
    died_on(path, 100, 200)

    assert ChunkJournal(path).begin(TP, first, next_) == deaths


def test_other_partition_is_not_suspected(path: Path) -> None:
    died_on(path, 100, 200)

    assert ChunkJournal(path).begin(OTHER, 100, 200) == 0


def test_rest_of_a_deadly_chunk_stays_suspected(path: Path) -> None:
    died_on(path, 100, 200)
    journal = ChunkJournal(path)

    assert journal.begin(TP, 100, 150) == 1
    journal.done(TP, 150)
    assert journal.begin(TP, 150, 250) == 1
    journal.done(TP, 250)
    assert journal.begin(TP, 150, 250) == 0


def test_many_partitions_are_remembered(path: Path) -> None:
    partitions = [TopicPartition("t" * 249, number) for number in range(200)]
    journal = ChunkJournal(path)
    for partition in partitions:
        journal.begin(partition, partition.partition, partition.partition + 1)
    journal.close()

    again = ChunkJournal(path)

    assert {again.begin(p, p.partition, p.partition + 1) for p in partitions} == {1}


def test_killed_process_is_remembered(path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path;"
        "from dataquarantine.records import TopicPartition;"
        "from dataquarantine.validation.isolation import ChunkJournal;"
        "ChunkJournal(Path(sys.argv[1])).begin(TopicPartition('raw-events', 0), 100, 200);"
        "os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code, path], env=os.environ, check=False)

    assert ended.returncode == -signal.SIGKILL
    assert ChunkJournal(path).begin(TP, 100, 200) == 1


@pytest.mark.parametrize(
    "content", [b"", b"something else", b"dq-chunk-journal-1\n"], ids=["empty", "foreign", "cut"]
)
def test_unreadable_journal_is_begun_anew(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    assert died_on(path, 100, 200) == 0
    assert died_on(path, 100, 200) == 1


def test_journal_that_can_not_be_written_is_refused(path: Path) -> None:
    path.mkdir(parents=True)

    with pytest.raises(ConfigError, match="make data_dir writable"):
        ChunkJournal(path)

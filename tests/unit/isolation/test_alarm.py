import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dataquarantine.records import SourceRecord, TopicPartition
from dataquarantine.validation.isolation import (
    ISOLATE_AFTER,
    ChunkJournal,
    HangAlarm,
    Limits,
    judge_isolated,
)
from tests.unit.isolation.engines import ObedientEngine

TP = TopicPartition("raw-events", 0)

#: What a worker does with a chunk, in short.
WORKER = """
    import sys
    from pathlib import Path
    from dataquarantine.records import SourceRecord, TopicPartition
    from dataquarantine.validation.isolation import ChunkJournal, HangAlarm
    from tests.unit.isolation.engines import ObedientEngine

    journal = ChunkJournal(Path(sys.argv[1]))
    journal.begin(TopicPartition("raw-events", 0), 0, 3)
    with HangAlarm(1):
        for value in (b"a", sys.argv[2].encode(), b"b"):
            ObedientEngine().judge([SourceRecord(value)])
"""


@pytest.mark.parametrize(
    ("deed", "by"),
    [
        pytest.param(b"segfault", signal.SIGSEGV, id="crash"),
        pytest.param(b"spin", signal.SIGALRM, id="hang"),
        pytest.param(b"sleep", signal.SIGALRM, id="wait"),
    ],
)
def test_chunk_that_ended_a_worker_is_known_and_survived(
    tmp_path: Path, deed: bytes, by: signal.Signals
) -> None:
    path = tmp_path / "journal"
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WORKER), path, deed.decode()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert ended.returncode == -by

    journal = ChunkJournal(path)
    deaths = journal.begin(TP, 0, 4)
    records = [SourceRecord(value, offset=at) for at, value in enumerate([b"a", deed, b"b", b"c"])]
    judged = judge_isolated(records, ObedientEngine, Limits(cpu_s=1, wall_s=2))
    journal.done(TP, 4)
    journal.close()

    assert deaths == ISOLATE_AFTER
    assert [outcome.passed for outcome in judged.outcomes] == [True, False, True, True]


def test_alarm_is_off_afterwards_and_another_timer_goes_on() -> None:
    before = signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        with HangAlarm(1):
            inside = signal.getitimer(signal.ITIMER_REAL)[0]
        after = signal.getitimer(signal.ITIMER_REAL)[0]
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)

    assert 0 < inside <= 1
    assert 900 < after <= 1000

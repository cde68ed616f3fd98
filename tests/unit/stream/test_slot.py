"""Workers of one host keep out of each other's way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dataquarantine.errors import ConfigError
from dataquarantine.stream.slot import claim_slot


def test_workers_get_different_slots(tmp_path: Path) -> None:
    slots = [claim_slot(tmp_path) for _ in range(3)]

    assert [slot.number for slot in slots] == [0, 1, 2]
    assert len({slot.folder for slot in slots}) == 3


def test_a_slot_is_free_again_when_its_process_ends(tmp_path: Path) -> None:
    claim = (
        "import sys; from pathlib import Path; from dataquarantine.stream.slot import claim_slot"
    )
    program = f"{claim}; print(claim_slot(Path(sys.argv[1])).number)"
    command = [sys.executable, "-c", program, str(tmp_path)]

    outputs = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2)]

    assert outputs == [b"0\n", b"0\n"]


def test_a_folder_that_cant_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match="set data_dir"):
        claim_slot(tmp_path / "file")

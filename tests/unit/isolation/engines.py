"""Engines that the child makes: one that obeys the record, and one that can't be made."""

import ctypes
import os
import time
from collections.abc import Sequence

from dataquarantine.outcomes import JudgedChunk, ValidationOutcome, ValidationResult
from dataquarantine.records import Record

VALID = ValidationOutcome(ValidationResult.VALID, schema_name="any", schema_version="1.0.0")


class ObedientEngine:
    """Does to its process what a record's value says."""

    def __init__(self) -> None:
        self._broken = False

    def judge(self, records: Sequence[Record]) -> JudgedChunk:
        [record] = records
        deeds = {
            b"segfault": lambda: ctypes.string_at(0),
            b"abort": os.abort,
            b"exit": lambda: os._exit(3),
            b"spin": spin,
            b"sleep": lambda: time.sleep(3600),
            b"eat": eat,
            b"print": lambda: print("x" * 100_000),
            b"break": self._break,
        }
        deeds.get(record.value or b"", self._crash_if_broken)()
        return JudgedChunk([VALID], [record.key], {0: b"new"} if record.key == b"k" else {})

    def _break(self) -> None:
        self._broken = True

    def _crash_if_broken(self) -> None:
        if self._broken:
            ctypes.string_at(0)


def spin() -> None:
    while True:
        pass


def eat() -> None:
    """Take memory natively, past what an exception could tell."""
    eaten = []
    while True:
        try:
            eaten.append(bytearray(2**20))
        except MemoryError:
            os.abort()


def no_engine() -> ObedientEngine:
    raise ValueError("no such schema folder")


def deadly_engine() -> ObedientEngine:
    os.abort()

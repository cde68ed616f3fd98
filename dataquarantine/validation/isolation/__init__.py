"""Records that kill or hang whoever judges them: noticed, found, quarantined."""

from dataquarantine.validation.isolation.alarm import HangAlarm
from dataquarantine.validation.isolation.journal import ISOLATE_AFTER, ChunkJournal
from dataquarantine.validation.isolation.judging import IsolationFailed, judge_isolated
from dataquarantine.validation.isolation.protocol import Limits
from dataquarantine.validation.isolation.recipe import EngineRecipe

__all__ = [
    "ISOLATE_AFTER",
    "ChunkJournal",
    "EngineRecipe",
    "HangAlarm",
    "IsolationFailed",
    "Limits",
    "judge_isolated",
]

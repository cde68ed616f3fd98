from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dataquarantine.outcomes import (
    Code,
    ErrorType,
    ValidationOutcome,
    ValidationResult,
    Violation,
    rejected,
)
from dataquarantine.schemas.compatibility import Policy
from dataquarantine.schemas.decisions import apply, decide, refuse_unreadable
from dataquarantine.schemas.desk import RegistryDesk
from dataquarantine.schemas.proposals import (
    Answer,
    Guard,
    Proposal,
    Refusal,
    Register,
    Rollback,
    SetConfig,
    SetState,
    parse_proposal,
    proposal_bytes,
)
from dataquarantine.schemas.registry import MAX_DECISIONS, Registry
from dataquarantine.schemas.reviews import review_task
from dataquarantine.schemas.rollout import ShadowFigures
from dataquarantine.schemas.source import RegistrySource
from dataquarantine.schemas.states import State
from tests.unit.schemas.compatibility_cases import NUMBER, TEXT, obj

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
V1 = obj("a b", closed=True, a=TEXT, b=NUMBER)
V2 = obj("a", closed=True, a=TEXT)


def content(version: str | None = "1.0.0", schema: Any = None, **more: Any) -> dict[str, Any]:
    made = {"name": "event", "description": "An event.", "schema": schema or V1, **more}
    return made if version is None else {**made, "version": version}


def register(version: str | None = "1.0.0", schema: Any = None, **more: Any) -> Register:
    state = more.pop("state", State.REGISTERED)
    return Register(by="ann", why="new", document=content(version, schema, **more), state=state)


def move(version: str, state: State, **more: Any) -> SetState:
    return SetState(by="bob", why="rollout", name="event", version=version, state=state, **more)


def ask(registry: Registry, proposal: Proposal, **more: Any) -> Answer:
    return apply(registry, decide(registry, proposal, NOW, **more))


@pytest.fixture
def registry() -> Registry:
    made = Registry()
    ask(made, register(state=State.ENFORCED))
    ask(made, register("2.0.0", V2, compatibility="NONE"))
    return made


def test_ids_and_numbers_come_from_the_order_of_the_log(registry: Registry) -> None:
    other = ask(registry, Register(by="x", document={**content(), "name": "other"}))

    assert [e.id for e in registry.versions("event")] == [1, 2]
    assert (other.id, other.number) == (3, 1)


def test_same_content_is_the_same_version(registry: Registry) -> None:
    before = dict(registry.rows())

    answer = ask(registry, register())

    assert answer.accepted and answer.existing and answer.id == 1
    assert {k: v for k, v in registry.rows() if not k.startswith("decision/")} == {
        k: v for k, v in before.items() if not k.startswith("decision/")
    }


def test_of_two_proposals_for_a_version_the_first_on_the_log_wins(registry: Registry) -> None:
    first = ask(registry, register("2.1.0", obj(closed=True, a=TEXT)))
    second = ask(registry, register("2.1.0", obj(closed=True, a=TEXT, b=TEXT)))

    assert first.accepted
    assert second.refusal is Refusal.VERSION_EXISTS


@pytest.mark.parametrize(
    ("proposal", "refusal", "says"),
    [
        (register(description="Other."), Refusal.VERSION_EXISTS, "never changes"),
        (register("1.1.0", obj("c", c=TEXT)), Refusal.INCOMPATIBLE, "BACKWARD (STRICT)"),
        (register("2.0.1", obj(a=TEXT)), Refusal.WRONG_VERSION, "2.1.0"),
        (register("3.0.0", {"type": "nothing"}), Refusal.INVALID_SCHEMA, "nothing"),
        (register("3.0.0", V2, examples=[{"b": 1}]), Refusal.INVALID_SCHEMA, "example 0"),
        (register("x"), Refusal.INVALID_SCHEMA, "SemVer"),
        (move("9.0.0", State.SHADOW), Refusal.UNKNOWN_VERSION, "known: 1.0.0, 2.0.0"),
        (
            SetState(by="x", name="no", version="1.0.0", state=State.SHADOW),
            Refusal.UNKNOWN_NAME,
            "no is not registered",
        ),
        (move("2.0.0", State.DEPRECATED), Refusal.MOVE_REFUSED, "possible"),
        (move("1.0.0", State.DEPRECATED), Refusal.MOVE_REFUSED, "only enforced"),
        (Rollback(by="x", name="event"), Refusal.MOVE_REFUSED, "go back to"),
        (Rollback(by="x", name="no"), Refusal.UNKNOWN_NAME, "not registered"),
    ],
    ids=[
        "edited version", "incompatible", "small bump", "no schema", "failing example",
        "no version", "unknown version", "unknown name", "impossible move", "last enforced",
        "nothing to roll back to", "rollback of nothing",
    ],
)  # fmt: skip
def test_refusals_say_why_and_change_nothing(
    registry: Registry, proposal: Proposal, refusal: Refusal, says: str
) -> None:
    before = [row for row in registry.rows() if not row[0].startswith("decision/")]

    answer = ask(registry, proposal)

    assert answer.refusal is refusal
    assert says in " ".join(answer.reasons)
    assert [row for row in registry.rows() if not row[0].startswith("decision/")] == before


def test_a_refusal_for_incompatibility_shows_a_record(registry: Registry) -> None:
    answer = ask(registry, register("2.0.1", obj("c", closed=True, c=TEXT)))

    assert 'a record that shows it: {"a": "a"}' in " ".join(answer.reasons)
    assert answer.details is not None and answer.details["counter_example"] == {"a": "a"}


@pytest.mark.parametrize(
    ("figures", "accepted"),
    [
        (None, False),
        (ShadowFigures(9_999), False),
        (ShadowFigures(10_000, newly_failing=1), False),
        (ShadowFigures(10_000), True),
    ],
    ids=["no shadow", "too few", "one fails", "enough"],
)
def test_guard_asks_what_the_shadow_showed(
    registry: Registry, figures: ShadowFigures | None, accepted: bool
) -> None:
    ask(registry, move("2.0.0", State.SHADOW))
    guard = Guard(after_shadow=10_000, max_new_failures=0)

    answer = ask(registry, move("2.0.0", State.ENFORCED, guard=guard), shadow=figures)

    assert answer.accepted is accepted


def test_guard_refuses_a_version_that_was_never_in_shadow(registry: Registry) -> None:
    answer = ask(
        registry,
        move("2.0.0", State.ENFORCED, guard=Guard(after_shadow=1)),
        shadow=ShadowFigures(5),
    )

    assert answer.refusal is Refusal.GUARD_NOT_MET


def test_rollback_enforces_the_version_before_and_keeps_watching_the_other(
    registry: Registry,
) -> None:
    ask(registry, move("2.0.0", State.ENFORCED))
    ask(registry, move("1.0.0", State.DEPRECATED))

    answer = ask(registry, Rollback(by="eve", why="orders fail", name="event"))

    assert (answer.version, answer.state) == ("1.0.0", State.ENFORCED)
    assert registry.enforced("event") is registry.entry("event", "1.0.0")
    assert registry.names["event"]["2.0.0"].state is State.SHADOW


def test_history_tells_who_when_what_why_and_the_effect(registry: Registry) -> None:
    ask(registry, move("2.0.0", State.SHADOW, sampling=0.5))
    ask(registry, move("2.0.0", State.ENFORCED), shadow=ShadowFigures(100, newly_failing=1))

    first, second, third = registry.names["event"]["2.0.0"].history

    assert (first["by"], first["from"], first["to"]) == ("ann", None, "registered")
    assert (second["by"], second["why"], second["to"]) == ("bob", "rollout", "shadow")
    assert third["effect"] == {
        "compared": 100, "agreement": 0.99, "newly_failing": 1, "newly_passing": 0, "by_code": {},
    }  # fmt: skip


def test_without_a_version_the_registry_numbers(registry: Registry) -> None:
    ask(registry, SetConfig(by="x", name="event", compatibility="BACKWARD"))

    same = ask(registry, register(None, V2))
    wider = ask(registry, register(None, obj(closed=True, a=TEXT)))
    again = ask(registry, register(None, obj(closed=True, a=TEXT)))

    assert (same.version, same.existing) == ("2.0.0", True)
    assert wider.version == "2.1.0"
    assert (again.version, again.existing) == ("2.1.0", True)


def test_config_of_a_name_wins_over_document_and_every_name() -> None:
    registry = Registry()
    ask(registry, SetConfig(by="x", compatibility="FULL"))
    document = register(compatibility="FORWARD")
    ask(registry, document)

    assert registry.compatibility("event") == "FULL"
    assert review_task(registry, document).mode == "FORWARD"
    ask(registry, SetConfig(by="x", name="event", compatibility="NONE"))
    assert review_task(registry, document).mode == "NONE"
    ask(registry, SetConfig(by="x", name="event", clear=True))
    assert review_task(registry, document).mode == "FORWARD"


def test_read_only_names_take_no_new_versions(registry: Registry) -> None:
    ask(registry, SetConfig(by="x", name="event", mode="READONLY"))

    assert ask(registry, register("2.1.0", obj(a=TEXT))).refusal is Refusal.READ_ONLY
    assert ask(registry, register()).accepted


def test_a_retired_version_no_longer_counts_for_compatibility(registry: Registry) -> None:
    proposal = register("3.0.0", V1)
    assert decide(registry, proposal, NOW).answer.refusal is Refusal.INCOMPATIBLE
    ask(registry, move("2.0.0", State.RETIRED))

    assert ask(registry, proposal).accepted


def test_rows_in_any_order_rebuild_the_registry(registry: Registry) -> None:
    ask(registry, move("2.0.0", State.SHADOW, sampling=0.25))
    ask(registry, SetConfig(by="x", name="event", policy=Policy.LENIENT))
    rows = list(registry.rows())

    for seed in range(5):
        random.Random(seed).shuffle(rows)
        rebuilt = Registry.from_rows(rows)
        assert dict(rebuilt.rows()) == dict(registry.rows())
        assert rebuilt.next_id == registry.next_id
        assert rebuilt.policy("event") == "LENIENT"
        assert rebuilt.names["event"]["2.0.0"].sampling == 0.25


@pytest.mark.parametrize(
    "proposal",
    [
        lambda: register("2.1.0", obj(closed=True, a=TEXT)),
        lambda: move("2.0.0", State.ENFORCED),
        lambda: SetConfig(by="x", name="event", compatibility="FULL"),
        lambda: Rollback(by="x", name="event"),
    ],
    ids=["register", "state", "config", "rollback"],
)
def test_a_crash_between_rows_and_answer_changes_no_decision(
    registry: Registry, proposal: Callable[[], Proposal]
) -> None:
    asked = proposal()
    if isinstance(asked, Rollback):
        ask(registry, move("2.0.0", State.ENFORCED))
        ask(registry, move("1.0.0", State.DEPRECATED))
    whole = decide(registry, asked, NOW)
    rows = list(whole.rows.items())

    for written in range(len(rows)):
        crashed = Registry.from_rows(registry.rows())
        for key, value in rows[:written]:
            crashed.put(key, value)
        again = decide(crashed, asked, NOW)
        for key, value in again.rows.items():
            crashed.put(key, value)
        assert again.answer.accepted and not again.answer.existing
        assert dict(crashed.rows()).keys() == {*dict(registry.rows()), *whole.rows}
        assert {e.version: e.state for e in crashed.versions("event")} == {
            e.version: e.state for e in _applied(registry, whole.rows).versions("event")
        }


def _applied(registry: Registry, rows: dict[str, bytes | None]) -> Registry:
    made = Registry.from_rows(registry.rows())
    for key, value in rows.items():
        made.put(key, value)
    return made


def test_a_proposal_seen_twice_gets_the_same_answer(registry: Registry) -> None:
    proposal = register("2.1.0", obj(closed=True, a=TEXT))

    first, second = ask(registry, proposal), decide(registry, proposal, NOW)

    assert second.answer == first
    assert second.rows == {}


def test_only_the_latest_answers_are_kept(registry: Registry) -> None:
    oldest = next(iter(registry.decisions))
    for _ in range(MAX_DECISIONS):
        ask(registry, SetState(by="x", name="no", version="1.0.0", state=State.SHADOW))

    assert len(registry.decisions) == MAX_DECISIONS
    assert oldest not in registry.decisions


def test_proposals_travel_as_json() -> None:
    for proposal in (register(), move("1.0.0", State.SHADOW), Rollback(by="x", name="event")):
        assert parse_proposal(proposal_bytes(proposal)) == proposal


def test_what_is_no_proposal_is_answered_too(registry: Registry) -> None:
    decision = refuse_unreadable(registry, "some-id", "no proposal", NOW)

    assert decision.answer.refusal is Refusal.INVALID_PROPOSAL
    assert json.loads(decision.rows["decision/some-id"] or b"")["reasons"] == ["no proposal"]


def test_source_lists_what_may_judge_and_shadows_apart(registry: Registry) -> None:
    source = RegistrySource(registry)
    assert [(s.document.version, s.enforced, s.schema_id) for s in source.read()] == [
        ("1.0.0", True, 1)
    ]
    ask(registry, move("2.0.0", State.SHADOW, sampling=0.1))

    (shadow,) = source.shadows()

    assert (shadow.document.version, shadow.sampling, shadow.decided_by) == ("2.0.0", 0.1, "1.0.0")
    assert source.read()[0] is source.read()[0]


VALID = ValidationOutcome(ValidationResult.VALID)
INVALID = rejected(
    ErrorType.SCHEMA_VIOLATION, [Violation(Code.MISSING_FIELD, "required", "'b' is missing", "b")]
)


def test_shadow_figures_split_disagreements_and_keep_few_samples() -> None:
    figures = ShadowFigures()
    for offset in range(30):
        figures.count(f"t/0/{offset}", VALID, INVALID)
    figures.count("t/0/30", INVALID, VALID)
    figures.count("t/0/31", VALID, VALID)

    assert (figures.compared, figures.newly_failing, figures.newly_passing) == (32, 30, 1)
    assert figures.agreement == 1 / 32
    assert len(figures.failing_samples) == 10
    assert figures.by_code == {"MISSING_FIELD": 30}
    assert ShadowFigures.from_json(json.loads(json.dumps(figures.to_json()))) == figures


def test_shadow_figures_are_the_sum_of_the_workers_since_the_last_move(registry: Registry) -> None:
    ask(registry, move("2.0.0", State.SHADOW))
    since = registry.names["event"]["2.0.0"].since
    for worker, at, compared in (("a", since, 10), ("b", since, 5), ("old", "before", 99)):
        row = {"since": at, "figures": ShadowFigures(compared, newly_failing=1).to_json()}
        registry.put(f"shadow/event/2.0.0/{worker}", json.dumps(row).encode())

    figures = Registry.from_rows(registry.rows()).shadow_figures("event", "2.0.0")

    assert figures is not None
    assert (figures.compared, figures.newly_failing) == (15, 2)
    assert registry.shadow_figures("event", "1.0.0") is None


async def test_nothing_up_to_the_last_decided_offset_is_decided_again(registry: Registry) -> None:
    desk = RegistryDesk(registry)
    proposal = move("2.0.0", State.SHADOW)
    first = await desk.receive(proposal.key, proposal_bytes(proposal), 7)
    registry.decisions.clear()

    again = await desk.receive(proposal.key, proposal_bytes(proposal), 7)

    assert first is not None and first.answer.offset == 7
    assert again is None


@pytest.mark.parametrize("value", [b"{", b"[]", b'{"kind": "register"}', b"\xff"])
async def test_the_desk_answers_what_it_can_not_read(registry: Registry, value: bytes) -> None:
    decision = await RegistryDesk(registry).receive("proposal/some-id", value, 7)

    assert decision is not None
    assert decision.answer.refusal is Refusal.INVALID_PROPOSAL

"""Which topics are planned, and how found ones are judged."""

from __future__ import annotations

import pytest

from dataquarantine.settings import Settings
from dataquarantine.topics import Profile, TopicPlan, dead_letter_bytes, plan_topics

ONE = Settings()
TWO = Settings.model_validate(
    {"pipelines": [{"source": "a", "max_record_bytes": 5_000_000}, {"source": "b"}]}
)


def planned(
    settings: Settings, profile: Profile = Profile.DEV, existing: dict[str, int] | None = None
) -> dict[str, TopicPlan]:
    plans = plan_topics(settings, profile=profile, existing=existing)
    return {plan.name: plan for plan in plans}


def test_every_pipeline_has_its_topics_and_shared_ones_come_once() -> None:
    assert list(planned(TWO)) == [
        "a",
        "validated-events",
        "a.dq-replay",
        "quarantine-dlq",
        "b",
        "b.dq-replay",
        "dataquarantine-ledger",
        "dataquarantine-validators-error_windows-changelog",
        "dataquarantine-validators-breakers-changelog",
        "dataquarantine-control",
        "dataquarantine-schemas",
        "dataquarantine-outcomes",
    ]


@pytest.mark.parametrize(
    ("profile", "replication", "in_sync"),
    [
        pytest.param(Profile.DEV, 1, None, id="dev"),
        pytest.param(Profile.PRODUCTION, 3, "2", id="production"),
    ],
)
def test_the_profile_decides_how_safely_topics_are_kept(
    profile: Profile, replication: int, in_sync: str | None
) -> None:
    for plan in planned(ONE, profile).values():
        assert plan.replication == replication
        assert plan.config.get("min.insync.replicas") == in_sync


@pytest.mark.parametrize("name", ["ledger", "control", "schemas", "outcomes"])
def test_log_topics_have_one_partition(name: str) -> None:
    plan = planned(ONE)[f"dataquarantine-{name}"]

    assert (plan.partitions, plan.exactly) == (1, True)


@pytest.mark.parametrize("name", ["schemas", "outcomes"])
def test_logs_of_states_are_compacted(name: str) -> None:
    assert planned(ONE)[f"dataquarantine-{name}"].config["cleanup.policy"] == "compact"


def test_a_replay_topic_has_its_sources_partitions() -> None:
    plan = planned(ONE, existing={"raw-events": 12})["raw-events.dq-replay"]

    assert (plan.partitions, plan.exactly) == (12, True)


def test_a_shared_dead_letter_topic_takes_the_largest_envelope() -> None:
    limit = dead_letter_bytes(TWO.pipelines, "quarantine-dlq")

    assert limit >= 1.4 * 5_000_000
    assert planned(TWO)["quarantine-dlq"].config["max.message.bytes"] == str(limit)


def test_a_shared_valid_topic_takes_the_largest_record() -> None:
    settings = Settings.model_validate(
        {"pipelines": [{"source": "a"}, {"source": "b", "max_record_bytes": 5_000_000}]}
    )

    assert int(planned(settings)["validated-events"].config["max.message.bytes"]) >= 5_000_000

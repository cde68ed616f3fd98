"""GitHub's webhook payloads, judged offline and by a real worker."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections import Counter
from collections.abc import Iterator

import pytest

from dataquarantine.dev.endpoints import ENDPOINTS
from dataquarantine.dev.feed import Feed, ToProduce
from dataquarantine.settings import load_settings
from tests.acceptance.test_dev import Dev, open_folder, wait_for
from tests.webhooks import corpus, overlay

if not corpus.is_fetched():
    reason = "GitHub's webhook payloads are NOT judged: they are not fetched, run `make webhooks`"
    if os.environ.get("CI"):
        pytest.fail(reason)
    warnings.warn(reason, pytest.PytestWarning, stacklevel=2)
    pytest.skip(reason, allow_module_level=True)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
]


@pytest.fixture(scope="module", autouse=True)
def schemas() -> None:
    overlay.write_schemas()


@pytest.fixture(scope="module")
def broken() -> list[corpus.Payload]:
    return corpus.with_faults()


def test_most_recorded_payloads_are_valid() -> None:
    outcomes = corpus.judge(corpus.examples()).outcomes

    assert Counter(outcome.result.value for outcome in outcomes) == {"VALID": 276, "INVALID": 53}


def test_every_fault_is_reported_with_code_and_place(broken: list[corpus.Payload]) -> None:
    outcomes = corpus.judge(broken).outcomes

    absent = [
        (payload.schema, payload.fault)
        for payload, outcome in zip(broken, outcomes, strict=True)
        if payload.fault and corpus.found(payload.fault, outcome) == "absent"
    ]
    assert absent == []
    assert len(broken) > 800


def test_two_events_with_rules_and_remediation_are_judged_by_them() -> None:
    payloads = overlay.payloads()

    outcomes = overlay.judge(payloads).outcomes

    became = Counter(
        (payload.schema, outcome.result.value, outcome.remediated)
        for payload, outcome in zip(payloads, outcomes, strict=True)
    )
    assert became == {
        ("push", "VALID", False): 6,
        ("push", "VALID", True): 1,
        ("issues", "VALID", False): 28,
        ("issues", "VALID", True): 1,
    }


def test_each_rule_is_named_when_it_is_broken() -> None:
    broken = list(overlay.broken_rules())

    outcomes = overlay.judge([each.payload for each in broken]).outcomes

    assert [
        each.rule
        for each, outcome in zip(broken, outcomes, strict=True)
        if not overlay.tells(outcome, each.rule) or outcome.passed != (each.rule == "short_title")
    ] == []
    assert Counter(each.rule for each in broken) == {
        "full_ref": 6,
        "created_from_nothing": 6,
        "deleted_to_nothing": 6,
        "head_is_a_commit": 2,
        "closed_has_a_time": 23,
        "updated_after_created": 28,
        "short_title": 28,
    }


@pytest.fixture(scope="module")
def dev() -> Iterator[Dev]:
    with open_folder() as folder:
        settings = f"schemas: {{folder: {corpus.SCHEMAS}}}"
        (folder / "dataquarantine.yaml").write_text(settings, "utf-8")
        dev = Dev(folder, "--no-load")
        yield dev
        dev.stop()


def produce(dev: Dev, payloads: list[corpus.Payload]) -> None:
    settings = load_settings(dev.folder / ".dq" / ENDPOINTS, {})

    async def run() -> None:
        async with Feed(settings.kafka, settings.pipelines[0].source) as feed:
            records = [payload.record for payload in payloads]
            await feed.send(ToProduce(each.key, each.value, each.headers) for each in records)
            await feed.flush()

    asyncio.run(run())


def test_a_worker_judges_the_corpus_as_the_engine_does(
    dev: Dev, broken: list[corpus.Payload]
) -> None:
    payloads = [*corpus.examples(), *broken]
    outcomes = corpus.judge(payloads).outcomes
    wanted = Counter(
        (outcome.schema_name, str(outcome.violations[0].code), outcome.field_path)
        for outcome in outcomes
        if not outcome.passed
    )

    produce(dev, payloads)

    wait_for(lambda: len(rows(dev)) >= wanted.total(), "every row")
    got = Counter((row["schema_name"], row["code"], row["field_path"]) for row in rows(dev))
    assert got == wanted
    tailed = dev.run("tail", "validated-events", "--from-start", "--no-follow", "--json")
    forwarded = Counter(json.loads(line)["value"] for line in tailed.stdout.splitlines())
    assert forwarded == Counter(
        payload.record.value.decode()
        for payload, outcome in zip(payloads, outcomes, strict=True)
        if outcome.passed and payload.record.value
    )


def rows(dev: Dev) -> list[dict[str, str]]:
    return dev.items("quarantine", "list", "--limit", "1000")

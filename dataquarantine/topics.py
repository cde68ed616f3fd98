"""Which topics the gateway needs, and creating them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from dataquarantine.errors import DataQuarantineError
from dataquarantine.settings import PipelineSettings, Settings
from dataquarantine.stream.kafka_client import client_options

LEDGER = "dataquarantine-ledger"
CONTROL = "dataquarantine-control"
OUTCOMES = "dataquarantine-outcomes"

#: Faust's tables that have a changelog of their own.
TABLES = ("error_windows", "breakers")

REPLAY_SUFFIX = ".dq-replay"
DAY_MS = 86_400_000
VISIBLE_TIMEOUT_S = 15.0
#: Kafka's own default of `max.message.bytes`.
KAFKA_MAX_BYTES = 1_048_588
#: Room for a batch's and a record's own fields, key and headers, above the value.
FRAMING_BYTES = 64 * 1024
#: An envelope holds the payload in base64 (4/3) beside the violations.
ENVELOPE_FACTOR = 1.4


class TopicsRefused(DataQuarantineError):
    """The broker can't be asked for topics; says why."""


class Profile(StrEnum):
    """How safely topics are kept."""

    DEV = "dev"
    PRODUCTION = "production"


class TopicState(StrEnum):
    """What became of a wanted topic."""

    CREATED = "created"
    EXISTS = "exists"
    DIFFERS = "differs"  # it exists, but not as the gateway needs it
    REFUSED = "refused"
    MISSING = "missing"  # only looked at, not created


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """A topic as it must be. `exactly` topics break the gateway with any other partition count."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str] = field(default_factory=dict)
    exactly: bool = False


@dataclass(frozen=True, slots=True)
class TopicResult:
    """What became of one plan; `detail` says what to do when it isn't right."""

    plan: TopicPlan
    state: TopicState
    detail: str = ""

    @property
    def right(self) -> bool:
        return self.state in (TopicState.CREATED, TopicState.EXISTS)


def replay_topic(source: str) -> str:
    """Name the topic that replays of a source go to."""
    return source + REPLAY_SUFFIX


def changelog_topic(settings: Settings, table: str) -> str:
    """Name the topic that a Faust table is restored from."""
    return f"{settings.kafka.group}-{table}-changelog"


def plan_topics(
    settings: Settings,
    *,
    profile: Profile = Profile.DEV,
    partitions: int = 4,
    existing: Mapping[str, int] | None = None,
) -> list[TopicPlan]:
    """List every topic of the settings, sources first.

    Args: existing: partition counts of the topics there are; a replay topic follows its source.
    """
    production = profile is Profile.PRODUCTION
    replication = 3 if production else 1
    safety = {"min.insync.replicas": "2"} if production else {}
    plans: dict[str, TopicPlan] = {}

    def add(name: str, count: int, *, exactly: bool = False, **config: str) -> None:
        options = {key.replace("_", "."): value for key, value in config.items()}
        plan = TopicPlan(name, count, replication, {**safety, **options}, exactly)
        plans.setdefault(name, plan)

    for pipeline in settings.pipelines:
        source_bytes = _source_bytes(pipeline)
        source_partitions = (existing or {}).get(pipeline.source, partitions)
        add(pipeline.source, partitions, max_message_bytes=str(source_bytes))
        valid_bytes = max(
            _source_bytes(each) for each in settings.pipelines if each.valid == pipeline.valid
        )
        add(pipeline.valid, partitions, max_message_bytes=str(valid_bytes))
        add(
            replay_topic(pipeline.source),
            source_partitions,
            exactly=True,
            max_message_bytes=str(source_bytes),
        )
        add(
            pipeline.dead_letter,
            partitions,
            cleanup_policy="delete",
            retention_ms=str(30 * DAY_MS),
            max_message_bytes=str(dead_letter_bytes(settings.pipelines, pipeline.dead_letter)),
        )
    add(LEDGER, 1, exactly=True, cleanup_policy="delete", retention_ms=str(90 * DAY_MS))
    for table in TABLES:
        add(changelog_topic(settings, table), 1, exactly=True, cleanup_policy="compact")
    add(CONTROL, 1, exactly=True, cleanup_policy="delete", retention_ms=str(30 * DAY_MS))
    add(
        settings.schemas.topic,
        1,
        exactly=True,
        cleanup_policy="compact",
        max_message_bytes=str(8 * 2**20),
    )
    add(OUTCOMES, 1, exactly=True, cleanup_policy="compact")
    return list(plans.values())


def _source_bytes(pipeline: PipelineSettings) -> int:
    return max(KAFKA_MAX_BYTES, pipeline.max_record_bytes + FRAMING_BYTES)


def dead_letter_bytes(pipelines: Sequence[PipelineSettings], topic: str) -> int:
    """Tell the `max.message.bytes` of a dead letter topic: the largest source's, as an envelope."""
    sources = [p.max_record_bytes for p in pipelines if p.dead_letter == topic]
    return ceil(max(KAFKA_MAX_BYTES, *sources) * ENVELOPE_FACTOR) + FRAMING_BYTES


async def create_topics(
    settings: Settings, *, profile: Profile = Profile.DEV, partitions: int = 4
) -> list[TopicResult]:
    """Create what is missing; what exists is compared and left alone.

    Raises: TopicsRefused when the broker does not answer or answers no question about topics.
    """
    async with _Admin(settings) as admin:
        existing = await admin.partition_counts()
        plans = plan_topics(settings, profile=profile, partitions=partitions, existing=existing)
        made = await admin.create([plan for plan in plans if plan.name not in existing])
        found = await admin.compare([plan for plan in plans if plan.name in existing], existing)
        results = {result.plan.name: result for result in (*made, *found)}
        return [results[plan.name] for plan in plans]


async def check_topics(
    settings: Settings, *, profile: Profile = Profile.DEV, partitions: int = 4
) -> list[TopicResult]:
    """Compare the topics there are with the plan; creates nothing.

    Raises: TopicsRefused.
    """
    async with _Admin(settings) as admin:
        existing = await admin.partition_counts()
        plans = plan_topics(settings, profile=profile, partitions=partitions, existing=existing)
        present = [plan for plan in plans if plan.name in existing]
        results = {result.plan.name: result for result in await admin.compare(present, existing)}
        remedy = "run `dataquarantine topics create`"
        return [
            results.get(plan.name) or TopicResult(plan, TopicState.MISSING, remedy)
            for plan in plans
        ]


async def retention_ms(settings: Settings, topics: Collection[str]) -> dict[str, int]:
    """Tell how long topics keep their records; one that keeps them for ever is left out.

    Raises: TopicsRefused.
    """
    async with _Admin(settings) as admin:
        configs = await admin.configs(sorted(topics))
    kept = {topic: int(config.get("retention.ms") or -1) for topic, config in configs.items()}
    return {topic: ms for topic, ms in kept.items() if ms >= 0}


class _Admin:
    """aiokafka's admin client, its errors as ours."""

    def __init__(self, settings: Settings) -> None:
        self._where = settings.kafka.bootstrap_servers
        self._client = AIOKafkaAdminClient(
            **client_options(settings.kafka), request_timeout_ms=10_000
        )

    async def __aenter__(self) -> _Admin:
        try:
            await self._client.start()
        except (KafkaError, OSError) as exc:
            await self._client.close()
            raise TopicsRefused(
                f"no broker answers at {self._where}; start it or set DQ_KAFKA__BOOTSTRAP_SERVERS"
            ) from exc
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def partition_counts(self) -> dict[str, int]:
        topics = await self._ask(self._client.describe_topics())
        return {each["topic"]: len(each["partitions"]) for each in topics}

    async def replication(self, names: Sequence[str]) -> dict[str, int]:
        """Count the replicas of the partition that has the fewest."""
        topics = await self._ask(self._client.describe_topics(list(names))) if names else []
        return {
            each["topic"]: min((len(p["replicas"]) for p in each["partitions"]), default=0)
            for each in topics
        }

    async def create(self, plans: Sequence[TopicPlan]) -> list[TopicResult]:
        if not plans:
            return []
        wanted = [
            NewTopic(plan.name, plan.partitions, plan.replication, topic_configs=dict(plan.config))
            for plan in plans
        ]
        answer = await self._ask(self._client.create_topics(wanted))
        errors = {name: (code, *rest) for name, code, *rest in answer.topic_errors}
        results = [_created(plan, *errors[plan.name]) for plan in plans]
        await self._wait_for({result.plan.name for result in results if result.right})
        return results

    async def _wait_for(self, names: set[str]) -> None:
        """Wait until the brokers say that these topics exist; they learn of it after the answer."""
        deadline = time.monotonic() + VISIBLE_TIMEOUT_S
        while missing := names - set(await self.partition_counts()):
            if time.monotonic() > deadline:
                raise TopicsRefused(
                    f"{', '.join(sorted(missing))} were created, but {self._where} does not list "
                    "them; grant DESCRIBE to this user"
                )
            await asyncio.sleep(0.1)

    async def compare(
        self, plans: Sequence[TopicPlan], existing: Mapping[str, int]
    ) -> list[TopicResult]:
        names = [plan.name for plan in plans]
        configs, replicas = await self.configs(names), await self.replication(names)
        return [
            _compared(
                plan, existing[plan.name], configs.get(plan.name, {}), replicas.get(plan.name, 0)
            )
            for plan in plans
        ]

    async def configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        answers = await self._ask(self._client.describe_configs(wanted))
        found: dict[str, dict[str, str]] = {}
        for answer in answers:
            for _code, _message, _kind, name, entries in answer.resources:
                found[name] = {entry[0]: entry[1] for entry in entries}
        return found

    async def _ask(self, question: Any) -> Any:
        try:
            return await question
        except (KafkaError, OSError, TimeoutError) as exc:
            raise TopicsRefused(
                f"the broker at {self._where} does not say: {type(exc).__name__} {exc}; "
                "grant DESCRIBE, DESCRIBE_CONFIGS and CREATE to this user"
            ) from exc


def _created(plan: TopicPlan, code: int, message: str | None = None) -> TopicResult:
    if code == 0:
        return TopicResult(plan, TopicState.CREATED)
    if code == TopicAlreadyExistsError.errno:
        return TopicResult(plan, TopicState.EXISTS, "somebody else created it just now")
    reason = f"{for_code(code).__name__}: {message or for_code(code).description}"
    return TopicResult(plan, TopicState.REFUSED, reason)


def _compared(
    plan: TopicPlan, partitions: int, config: Mapping[str, str], replicas: int
) -> TopicResult:
    wrong: list[str] = []
    if replicas < plan.replication:
        wrong.append(f"{replicas} replicas, add some up to {plan.replication}")
    in_sync, needed = config.get("min.insync.replicas"), plan.config.get("min.insync.replicas")
    if in_sync and needed and int(in_sync) < int(needed):
        wrong.append(f"min.insync.replicas is {in_sync}, raise it to {needed}")
    if plan.exactly and partitions != plan.partitions:
        wrong.append(f"{partitions} partitions, must be {plan.partitions}: delete and re-create it")
    limit, wanted = config.get("max.message.bytes"), plan.config.get("max.message.bytes")
    if limit and wanted and int(limit) < int(wanted):
        wrong.append(f"max.message.bytes is {limit}, raise it to {wanted}")
    policy, wanted = config.get("cleanup.policy"), plan.config.get("cleanup.policy")
    if policy and wanted and policy != wanted:
        wrong.append(f"cleanup.policy is {policy}, set it to {wanted}")
    if wrong:
        return TopicResult(plan, TopicState.DIFFERS, "; ".join(wrong))
    return TopicResult(plan, TopicState.EXISTS)

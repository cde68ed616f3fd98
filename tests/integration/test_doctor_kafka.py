"""`doctor` against a broker that knows rights."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from dataquarantine.dev.kafka import KafkaCluster
from dataquarantine.diagnosis import State, _kafka
from dataquarantine.settings import Settings
from dataquarantine.topics import Profile, create_topics
from tests.integration.conftest import CACHE, require_kafka

AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A broker that knows rights; what no ACL names is allowed."""
    require_kafka()
    cluster = KafkaCluster(
        tmp_path_factory.mktemp("guarded"),
        cache=CACHE,
        authorizer_class_name=AUTHORIZER,
        allow_everyone_if_no_acl_found="true",
    )
    cluster.start()
    yield cluster
    cluster.stop()


def settings(servers: str, **sections: object) -> Settings:
    name = uuid4().hex[:8]
    pipeline = {"source": f"s-{name}", "valid": f"v-{name}", "dead_letter": f"d-{name}"}
    kafka = {"bootstrap_servers": servers}
    return Settings.model_validate({"kafka": kafka, "pipelines": [pipeline], **sections})


def deny(cluster: KafkaCluster, topic: str, operation: AclOperation) -> None:
    """Deny one operation; the others need an ACL from now on, as one names the topic."""
    acls = [
        acl(topic, AclOperation.ALL, AclPermissionType.ALLOW),
        acl(topic, operation, AclPermissionType.DENY),
    ]
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap_servers})
    for created in admin.create_acls(acls).values():
        created.result(timeout=30)


def acl(topic: str, operation: AclOperation, permission: AclPermissionType) -> AclBinding:
    kind, pattern = ResourceType.TOPIC, ResourcePatternType.LITERAL
    return AclBinding(kind, topic, pattern, "User:ANONYMOUS", "*", operation, permission)


@pytest.mark.kafka
async def test_rights_are_found_by_trying(guarded: KafkaCluster) -> None:
    own = settings(guarded.bootstrap_servers)
    await create_topics(own)
    [pipeline] = own.pipelines

    before = await asyncio.to_thread(lambda: list(_kafka(own, Profile.DEV)))
    deny(guarded, pipeline.valid, AclOperation.WRITE)
    deny(guarded, pipeline.source, AclOperation.READ)
    after = await asyncio.to_thread(lambda: list(_kafka(own, Profile.DEV)))

    assert [check.found for check in before if check.state is State.FAILED] == []
    assert {check.found for check in after if check.state is State.FAILED} == {
        f"Read on {pipeline.source} is denied",
        f"Write on {pipeline.valid} is denied",
    }


@pytest.mark.kafka
async def test_production_wants_three_replicas(guarded: KafkaCluster) -> None:
    own = settings(guarded.bootstrap_servers)
    await create_topics(own)

    found = await asyncio.to_thread(lambda: list(_kafka(own, Profile.PRODUCTION)))

    remedies = [check.remedy for check in found if own.pipelines[0].source in check.found]
    assert "1 replicas, add some up to 3" in remedies[0]
    assert "min.insync.replicas is 1, raise it to 2" in remedies[0]

"""Our own paths of the registry."""

from __future__ import annotations

from typing import Any

import pytest

from dataquarantine.api.confluent import user_of
from dataquarantine.api.schema_batches import SchemaBatches
from dataquarantine.api.schemas import Schemas
from dataquarantine.api.service import Api as Service
from dataquarantine.api.unregistered import Unregistered
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.schemas.files import ListedSchema
from tests.unit.api.calling import call
from tests.unit.api.registry_at_hand import RegistryAtHand
from tests.unit.schemas.compatibility_cases import TEXT, obj


class Api:
    """The paths over a registry in memory."""

    def __init__(self) -> None:
        self.at_hand = RegistryAtHand()
        registry, propose = self.at_hand.registry, self.at_hand.propose
        self.api = Service([Schemas(registry, propose), SchemaBatches(registry, propose)])

    def call(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        return call(self.api, method, path, body, **query)

    def register(self, version: str, schema: Any, **more: Any) -> tuple[int, Any]:
        document = {"name": "order", "version": version, "description": "An order."}
        body = {"document": {**document, "schema": schema}, "state": "enforced", **more}
        return self.call("POST", "/schemas", body)


@pytest.fixture
def api() -> Api:
    made = Api()
    assert made.register("1.0.0", obj(closed=True, a=TEXT), why="first")[0] == 200
    return made


def test_versions_are_listed_with_state_and_id(api: Api) -> None:
    api.register("1.1.0", obj(closed=True, a=TEXT, b=TEXT), state="registered")

    _, page = api.call("GET", "/schemas")
    _, enforced = api.call("GET", "/schemas", state="enforced")

    shown = [(row["version"], row["state"], row["id"]) for row in page["items"]]
    assert shown == [("1.0.0", "enforced", 1), ("1.1.0", "registered", 2)]
    assert [row["version"] for row in enforced["items"]] == ["1.0.0"]


def test_a_schema_and_a_version_are_shown(api: Api) -> None:
    _, schema = api.call("GET", "/schemas/order")
    _, version = api.call("GET", "/schemas/order/versions/1.0.0")

    assert (schema["enforced"], schema["compatibility"]) == ("1.0.0", "BACKWARD")
    assert version["document"]["schema"] == obj(closed=True, a=TEXT)
    assert version["registered"]["by"] == "ann"


def test_a_state_is_set_and_the_history_tells_who_and_why(api: Api) -> None:
    api.register("1.1.0", obj(closed=True, a=TEXT, b=TEXT), state="registered")

    status, answer = api.call(
        "POST", "/schemas/order/versions/1.1.0/state", {"state": "shadow", "why": "look"}
    )

    assert (status, answer["state"], answer["healed_at"]) == (200, "shadow", None)
    _, history = api.call("GET", "/schemas/order/history")
    last = history["items"][-1]
    assert (last["by"], last["why"], last["from"], last["to"]) == (
        "ann", "look", "registered", "shadow",
    )  # fmt: skip


def test_a_reason_that_no_store_keeps_is_refused(api: Api) -> None:
    status, answer = api.call("POST", "/schemas/order/rollback", {"why": "a\0b"})

    assert (status, answer["error_code"]) == (422, 42202)


def test_a_rollback_enforces_the_version_before(api: Api) -> None:
    api.register("1.1.0", obj(closed=True, a=TEXT, b=TEXT))

    status, answer = api.call("POST", "/schemas/order/rollback", {"why": "fails"})

    assert (status, answer["version"], answer["state"]) == (200, "1.0.0", "enforced")
    assert answer["healed_at"] == "/api/v1/schemas/order/versions/1.0.0/healed"


def test_a_check_writes_nothing_and_tells_what_breaks(api: Api) -> None:
    before = dict(api.at_hand.registry.rows())
    narrower = {"document": {"version": "2.0.0", "schema": obj(closed=True, a={"type": "null"})}}

    _, answer = api.call("POST", "/schemas/order/compatibility", narrower)

    assert (answer["compatible"], answer["refusal"]) == (False, "INCOMPATIBLE")
    assert answer["report"]["mode"] == "BACKWARD"
    assert dict(api.at_hand.registry.rows()) == before


def test_a_check_accepts_what_could_be_registered(api: Api) -> None:
    wider = {"document": {"version": "1.1.0", "schema": obj(closed=True, a=TEXT, b=TEXT)}}

    _, answer = api.call("POST", "/schemas/order/compatibility", wider)

    assert (answer["compatible"], answer["reasons"]) == (True, [])


ORDER = {"name": "order", "description": "An order."}
SAME = {**ORDER, "version": "1.0.0", "schema": obj(closed=True, a=TEXT)}
WIDER = {**ORDER, "version": "1.1.0", "schema": obj(closed=True, a=TEXT, b=TEXT)}
EDITED = {**SAME, "description": "Another order."}


@pytest.mark.parametrize(
    ("documents", "dry_run", "actions", "written", "versions"),
    [
        pytest.param([WIDER, SAME], False, ["unchanged", "register"], True, 2, id="new"),
        pytest.param([WIDER, SAME], True, ["unchanged", "register"], False, 1, id="dry run"),
        pytest.param([WIDER, EDITED], False, ["refused", "register"], False, 1, id="edited"),
    ],
)
def test_a_repository_is_synced_as_a_whole_or_not_at_all(
    api: Api,
    documents: list[Any],
    dry_run: bool,
    actions: list[str],
    written: bool,
    versions: int,
) -> None:
    body = {"documents": documents, "why": "merged", "dry_run": dry_run}

    status, answer = api.call("POST", "/schemas/sync", body)

    assert (status, [item["action"] for item in answer["items"]]) == (200, actions)
    assert (answer["written"], answer["refused"]) == (written, "refused" in actions)
    assert len(api.call("GET", "/schemas")[1]["items"]) == versions


@pytest.mark.parametrize("old", ["order", "order@1.0.0", SAME], ids=["name", "version", "document"])
def test_a_difference_is_listed_both_ways(api: Api, old: Any) -> None:
    _, changes = api.call("POST", "/schemas/diff", {"old": old, "new": WIDER})
    _, none = api.call("POST", "/schemas/diff", {"old": old, "new": SAME})

    found = {(item["direction"], item["pointer"]) for item in changes["items"]}
    assert {direction for direction, _ in found} == {"BACKWARD", "FORWARD"}
    assert all("/properties/b" in pointer for _, pointer in found)
    assert none["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        pytest.param("GET", "/schemas/nope", None, 404, 40401, id="schema"),
        pytest.param("GET", "/schemas/nope/history", None, 404, 40401, id="history"),
        pytest.param("GET", "/schemas/order/versions/9.0.0", None, 404, 40402, id="version"),
        pytest.param("GET", "/schemas/order/other", None, 404, 404, id="path"),
        pytest.param("POST", "/schemas/order/rollback", {}, 409, 40902, id="rollback"),
        pytest.param("POST", "/schemas", {"document": {"name": "x"}}, 422, 42201, id="document"),
        pytest.param("POST", "/schemas", [], 400, 400, id="no object"),
        pytest.param("POST", "/schemas/sync", {"documents": [{}]}, 422, 42201, id="synced"),
        pytest.param("POST", "/schemas/diff", {"old": "no", "new": "no"}, 404, 40401, id="diff"),
        pytest.param(
            "POST", "/schemas/order/versions/1.0.0/state", {"state": "on"}, 422, 42202, id="state"
        ),
        pytest.param(
            "POST",
            "/schemas/order/compatibility",
            {"document": {"name": "other"}},
            422,
            42201,
            id="other name",
        ),
    ],
)
def test_errors_have_code_message_and_details(
    api: Api, method: str, path: str, body: Any, status: int, code: int
) -> None:
    found, answer = api.call(method, path, body)

    assert (found, answer["error_code"]) == (status, code)
    assert answer["message"]
    assert set(answer) == {"error_code", "message", "details"}


def test_an_incompatible_version_is_refused_with_its_report(api: Api) -> None:
    status, answer = api.register("1.1.0", obj(closed=True, a={"type": "null"}))

    assert (status, answer["error_code"]) == (409, 409)
    assert answer["details"]["refusal"] == "INCOMPATIBLE"
    assert answer["details"]["report"]


def test_without_an_answer_the_proposal_stays_on_the_log(api: Api) -> None:
    api.at_hand.times_out = True

    status, answer = api.call("POST", "/schemas/order/rollback", {})

    assert (status, answer["error_code"]) == (504, 50401)
    assert answer["details"]["id"]


@pytest.mark.parametrize(
    ("header", "user"),
    [
        pytest.param("Basic YW5uOnNlY3JldA==", "ann", id="user and password"),
        pytest.param("basic YW5uOg==", "ann", id="no password"),
        pytest.param(None, "somebody", id="none"),
        pytest.param("Bearer abc", "somebody", id="other scheme"),
        pytest.param("Basic !", "somebody", id="no base64"),
        pytest.param("Basic /w==", "somebody", id="no text"),
        pytest.param("Basic OnNlY3JldA==", "somebody", id="no name"),
        pytest.param("Basic YRtuOng=", "an", id="control characters"),
    ],
)
def test_the_user_of_basic_authentication_is_who(header: str | None, user: str) -> None:
    assert user_of(header, "somebody") == user


def test_what_judges_unregistered_is_listed_until_a_version_is_enforced(api: Api) -> None:
    documents = [
        SchemaDocument.model_validate({"name": name, "version": "2.0.0", "schema": obj(a=TEXT)})
        for name in ("order", "parcel")
    ]
    judging = [ListedSchema(document) for document in documents]
    files = Service([Unregistered(api.at_hand.registry, lambda: judging)])

    _, page = call(files, "GET", "/unregistered-schemas")
    _, shown = call(files, "GET", "/unregistered-schemas/parcel/versions/2.0.0")
    status, _ = call(files, "GET", "/unregistered-schemas/order/versions/2.0.0")

    assert [each["name"] for each in page["items"]] == ["parcel"]
    assert (shown["document"]["schema"], status) == (obj(a=TEXT), 404)

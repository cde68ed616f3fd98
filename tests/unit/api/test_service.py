"""What every route has in common."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field

from dataquarantine.api.http import Reply, Request
from dataquarantine.api.identity import Role
from dataquarantine.api.openapi import describe
from dataquarantine.api.routes import route
from dataquarantine.api.service import Api
from dataquarantine.errors import DataQuarantineError, SinkUnavailable
from tests.unit.api.calling import ask, call

ID = "8b2c35a6-6a6c-5a0b-9d9e-3f6a0b1c2d3e"


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: datetime | None = Field(None, alias="from")
    limit: int = Field(10, ge=1, le=100)


class Change(BaseModel):
    model_config = ConfigDict(extra="forbid")

    why: str = Field(max_length=20)
    force: bool = False


class Thing(BaseModel):
    name: str
    limit: int = 0


class Things:
    """A resource with one of each."""

    @route("GET", "/things/{name}", "Show")
    async def show(self, request: Request, name: str) -> Reply[Thing]:
        return Reply(Thing(name=name), "v1")

    @route("GET", "/things/counts", "Count")
    def count(self, request: Request, query: Query) -> Thing:
        return Thing(name="counts", limit=query.limit)

    @route("PATCH", "/things/{one}", "Change", needs_match=True)
    def change(self, request: Request, one: UUID, body: Change) -> Thing:
        request.check_match("v1")
        return Thing(name=body.why)

    @route("POST", "/things/fail", "Fail", role=Role.ADMIN)
    def fail(self, request: Request, body: Change) -> Thing:
        if body.force:
            raise SinkUnavailable("postgres", "away")
        raise RuntimeError("with a secret in it")


@pytest.fixture
def api() -> Api:
    return Api([Things()])


def test_words_win_over_parameters(api: Api) -> None:
    assert call(api, "GET", "/things/counts", limit="5")[1] == {"name": "counts", "limit": 5}
    assert call(api, "GET", "/things/a%20b%2Fc")[1]["name"] == "a b/c"


def test_a_version_goes_out_as_etag(api: Api) -> None:
    assert ask(api, "GET", "/things/x").headers == {"ETag": '"v1"'}


@pytest.mark.parametrize(
    ("tag", "status", "code"),
    [
        pytest.param('"v1"', 200, None, id="right"),
        pytest.param('"v0", "v1"', 200, None, id="one of several"),
        pytest.param("*", 200, None, id="any"),
        pytest.param('"v2"', 412, 41201, id="stale"),
        pytest.param('W/"v1"', 412, 41201, id="weak"),
        pytest.param(None, 428, 42801, id="none"),
    ],
)
def test_a_change_names_the_version_it_is_of(
    api: Api, tag: str | None, status: int, code: int | None
) -> None:
    headers = {} if tag is None else {"if-match": tag}

    found, answer = call(api, "PATCH", f"/things/{ID}", {"why": "so"}, headers=headers)

    assert (found, answer.get("error_code")) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "status"),
    [
        pytest.param("GET", "/nothing", {}, None, 404, id="path"),
        pytest.param("DELETE", "/things/x", {}, None, 405, id="method"),
        pytest.param("GET", "/things/counts", {"limt": "1"}, None, 422, id="unknown parameter"),
        pytest.param("GET", "/things/counts", {"limit": "0"}, None, 422, id="out of range"),
        pytest.param("GET", "/things/counts", {"from": "\x00"}, None, 422, id="NUL"),
        pytest.param("GET", "/things/x", {"a": "1"}, None, 422, id="takes no parameters"),
        pytest.param("GET", "/things/%00", {}, None, 422, id="NUL in path"),
        pytest.param("GET", "/things/%ff", {}, None, 422, id="path is no text"),
        pytest.param("PATCH", "/things/1", {}, {"why": ""}, 422, id="no UUID"),
        pytest.param("POST", "/things/fail", {}, b"", 400, id="no body"),
        pytest.param("POST", "/things/fail", {}, b"{", 400, id="no JSON"),
        pytest.param("POST", "/things/fail", {}, b'{"why": NaN}', 400, id="no number"),
        pytest.param("POST", "/things/fail", {}, b"[" * 100_000, 400, id="deep"),
        pytest.param("POST", "/things/fail", {}, [], 400, id="no object"),
        pytest.param("POST", "/things/fail", {}, {"why": 1}, 422, id="type"),
        pytest.param("POST", "/things/fail", {}, {"why": "a", "x": 1}, 422, id="unknown key"),
        pytest.param("POST", "/things/fail", {}, b'{"why": "\\ud800"}', 422, id="surrogate"),
        pytest.param("POST", "/things/fail", {}, {"why": "", "force": True}, 503, id="store away"),
    ],
)
def test_refusals_have_code_message_and_details(
    api: Api, method: str, path: str, query: dict[str, str], body: Any, status: int
) -> None:
    found, answer = call(api, method, path, body, headers={"if-match": "*"}, **query)

    assert (found, set(answer)) == (status, {"error_code", "message", "details"})
    assert str(answer["error_code"]).startswith(str(status))


def test_a_parameter_given_twice_is_refused(api: Api) -> None:
    api_request = Request("GET", "/things/counts", (("limit", "1"), ("limit", "2")))
    assert asyncio.run(api.handle(api_request)).status == 422


def test_only_allowed_methods_are_named(api: Api) -> None:
    assert ask(api, "POST", "/things/counts").headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        pytest.param(Role.VIEWER, "GET", "/things/x", 200, id="viewer reads"),
        pytest.param(Role.VIEWER, "PATCH", f"/things/{ID}", 403, id="viewer does not write"),
        pytest.param(Role.OPERATOR, "PATCH", f"/things/{ID}", 200, id="operator writes"),
        pytest.param(Role.OPERATOR, "POST", "/things/fail", 403, id="operator is no admin"),
        pytest.param(Role.ADMIN, "PATCH", f"/things/{ID}", 200, id="admin writes"),
    ],
)
def test_roles(api: Api, role: Role, method: str, path: str, status: int) -> None:
    body = None if method == "GET" else {"why": "so"}

    assert call(api, method, path, body, role=role, headers={"if-match": "*"})[0] == status


def test_a_fault_of_ours_is_logged_and_told_to_nobody(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        status, answer = call(api, "POST", "/things/fail", {"why": "x"})

    assert (status, answer["error_code"]) == (500, 50001)
    assert "secret" not in json.dumps(answer)
    assert "POST /things/fail failed" in caplog.text


def test_the_document_tells_what_the_signatures_say(api: Api) -> None:
    document = describe(api.operations, "/api/v1")

    change = document["paths"]["/things/{one}"]["patch"]
    assert [each["name"] for each in change["parameters"]] == ["one", "If-Match"]
    assert {"200", "400", "401", "403", "404", "412", "422", "428"} <= set(change["responses"])
    assert change["x-role"] == "operator"
    count = document["paths"]["/things/counts"]["get"]
    assert [(each["name"], each["in"]) for each in count["parameters"]] == [
        ("from", "query"),
        ("limit", "query"),
    ]
    assert "ETag" in document["paths"]["/things/{name}"]["get"]["responses"]["200"]["headers"]


def test_path_and_signature_name_the_same_parameters() -> None:
    class Mistaken:
        @route("GET", "/x/{name}", "Show")
        def show(self, request: Request, other: str) -> Thing:
            raise DataQuarantineError

    with pytest.raises(TypeError, match="name different parameters"):
        Api([Mistaken()])

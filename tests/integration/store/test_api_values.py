"""Values of the HTTP API in a real Postgres stay values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from dataquarantine.api.assembly import masker_of
from dataquarantine.api.audit import Audit
from dataquarantine.api.incidents import Incidents
from dataquarantine.api.processes import Processes
from dataquarantine.api.quarantine import Quarantine
from dataquarantine.api.service import Api
from dataquarantine.quarantine.desk import Desk
from dataquarantine.quarantine.entries import entry_of
from dataquarantine.schemas.catalog import FileCatalog
from dataquarantine.settings import PostgresSettings, Settings
from dataquarantine.store.postgres import Database
from dataquarantine.store.rows import PostgresRows
from tests.unit.api.calling import call
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source

SQL = (
    "' OR '1'='1",
    "'; DROP TABLE quarantine_records; --",
    "%' UNION SELECT hash FROM api_tokens --",
    "\\'; SELECT pg_sleep(10); --",
    "$$; DELETE FROM audit_log; $$",
)


@pytest.fixture
def api(database: Database, database_url: str) -> Iterator[Api]:
    """Ten records, behind the paths that ask Postgres."""
    letters = dead_letters([source(number) for number in range(10)])
    PostgresRows(database).insert([entry_of(letter, CLUSTER, NOW).row for letter in letters])
    settings = Settings(postgres=PostgresSettings(url=SecretStr(database_url)))
    masker = masker_of(settings, FileCatalog.from_settings(settings))
    with Desk(settings) as desk:
        made = Api([Quarantine(desk, masker), Incidents(desk, masker), Audit(desk, Processes())])
        yield made
        made.close()


@pytest.mark.parametrize(
    "path",
    [
        *(f"/quarantine?{name}=" for name in ("schema", "error_type", "code", "topic", "key", "q")),
        *("/quarantine?incident=", "/quarantine?cursor=", "/quarantine/counts?by=code&schema="),
        *("/quarantine/counts?by=", "/incidents?schema=", "/incidents?cursor=", "/incidents/"),
        *("/audit/log?actor=", "/audit/log?subject=", "/audit/log?cursor="),
    ],
)
def test_sql_in_a_value_stays_a_value(api: Api, path: str) -> None:
    before = call(api, "GET", "/quarantine/counts", by="code")

    for attack in SQL:
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        target = parts.path + ("" if query else "".join(f"%{byte:02X}" for byte in attack.encode()))
        query = {name: value or attack for name, value in query.items()}
        status, answer = call(api, "GET", target, **query)

        assert status in (200, 404, 422), answer
        if status == 200:
            assert answer["items"] == []
    assert call(api, "GET", "/quarantine/counts", by="code") == before


def test_sql_in_a_body_stays_a_value(api: Api) -> None:
    for attack in SQL:
        body = {"filters": {"code": attack, "q": attack}, "why": attack}
        assert call(api, "POST", "/quarantine/discard", body) == (200, {"changed": 0})

    counts = call(api, "GET", "/quarantine/counts", by="status")[1]["items"]
    assert json.dumps(counts) == '[{"value": "stored", "count": 10}]'

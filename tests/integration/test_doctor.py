"""`doctor` against real servers that lack something."""

from __future__ import annotations

import sqlalchemy
from sqlalchemy import text

from dataquarantine.diagnosis import State, _postgres, _registry
from dataquarantine.settings import Settings


def settings(**sections: object) -> Settings:
    return Settings.model_validate({"kafka": {"bootstrap_servers": "nowhere:9"}, **sections})


def test_a_migrated_database_passes(module_database_url: str) -> None:
    checks = list(_postgres(settings(postgres={"url": module_database_url})))

    assert {check.check for check in checks} == {
        "postgres",
        "migrations",
        "postgres rights",
        "clock",
    }
    assert {check.state for check in checks} == {State.OK}


def test_rights_that_a_user_lacks_are_named(module_database_url: str) -> None:
    url = sqlalchemy.make_url(module_database_url)
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE reader LOGIN PASSWORD 'reader'"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    engine.dispose()
    own = url.set(username="reader", password="reader").render_as_string(hide_password=False)

    [check] = [c for c in _postgres(settings(postgres={"url": own})) if "rights" in c.check]

    assert check.state is State.FAILED
    assert "INSERT on quarantine_records" in check.found
    assert "ownership of quarantine_records" in check.found
    assert "SELECT" not in check.found


def test_a_registry_that_is_away_is_named() -> None:
    own = settings(schemas={"registry_url": "confluent://127.0.0.1:9"})

    [check] = _registry(own)

    assert check.state is State.FAILED
    assert "DQ_SCHEMAS__REGISTRY_URL" in check.remedy

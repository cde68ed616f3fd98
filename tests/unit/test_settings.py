"""Settings: file, variables, refusals, masking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dataquarantine.environment import variables
from dataquarantine.errors import ConfigError
from dataquarantine.settings import ENV_PREFIX, S3Settings, Settings, load_settings, masked


def loaded(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    path = tmp_path / "settings.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path, environ)


def test_defaults_apply_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert load_settings(environ={}) == Settings()


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "kafka: {group: of-file}", DQ_KAFKA__GROUP="of-variable")

    assert settings.kafka.group == "of-variable"


def test_the_file_is_named_by_a_variable(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text("cluster_id: other", "utf-8")

    assert load_settings(environ={"DQ_CONFIG": str(path)}).cluster_id == "other"


def test_pipelines_are_set_one_by_one_by_position(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        DQ_PIPELINES__0__MODE="observe",
        DQ_PIPELINES__0__SCHEMA__FROM="header",
        DQ_PIPELINES__1__SOURCE="orders",
    )

    first, second = settings.pipelines
    assert (first.source, first.mode, first.selection.from_) == ("raw-events", "observe", "header")
    assert second.source == "orders"


def test_pipelines_are_set_together_as_yaml(tmp_path: Path) -> None:
    settings = loaded(tmp_path, DQ_PIPELINES='[{"source": "a"}, {"source": "b"}]')

    assert [pipeline.source for pipeline in settings.pipelines] == ["a", "b"]


def test_a_password_that_looks_like_yaml_stays_text(tmp_path: Path) -> None:
    settings = loaded(tmp_path, DQ_KAFKA__SASL_PASSWORD="{a: 1}")

    assert settings.kafka.sasl_password is not None
    assert settings.kafka.sasl_password.get_secret_value() == "{a: 1}"


#: Texts for settings that take neither number, nor yes or no, nor any word.
SAMPLES: dict[str, str] = {
    "DQ_ALERTS__CHANNELS__0__FORM": "slack",
    "DQ_ALERTS__CHANNELS__0__OWNERS": '["data-team"]',
    "DQ_ALERTS__CHANNELS__0__URL": "https://hooks.example.org/a",
    "DQ_BREAKER__FLOOD_SHARE": "0.9",
    "DQ_BREAKER__MAX_INVALID_SHARE": "0.9",
    "DQ_DELIVERY": "exactly_once",
    "DQ_KAFKA__HEARTBEAT_INTERVAL_S": "2",
    "DQ_KAFKA__SECURITY_PROTOCOL": "SSL",
    "DQ_KAFKA__TRANSACTION_S": "0.5",
    "DQ_KAFKA__SASL_MECHANISM": "PLAIN",
    "DQ_KAFKA__SASL_OAUTH_TOKEN_URL": "https://id.example/token",
    "DQ_LOGS__FORMAT": "json",
    "DQ_PIPELINES__0__SCHEMA__FROM": "header",
    "DQ_PIPELINES__0__MODE": "observe",
    "DQ_PIPELINES__0__ON_TOMBSTONE": "quarantine",
    "DQ_SCHEMAS__MODEL_PACKAGES": '["shop"]',
    "DQ_PUBLIC_KEYS": '["raw-events"]',
    "DQ_S3__LAYOUT": "record",
    "DQ_S3__SERVER_SIDE_ENCRYPTION": "AES256",
    "DQ_S3__OBJECT_LOCK_MODE": "GOVERNANCE",
    "DQ_PIPELINES__0__HEADER_DIALECT": "spring",
}
CHANNEL = {
    "DQ_ALERTS__CHANNELS__0__NAME": "team",
    "DQ_ALERTS__CHANNELS__0__URL": "https://example.org",
}
#: What a setting needs beside it.
COMPANIONS: dict[str, dict[str, str]] = {
    **{f"DQ_ALERTS__CHANNELS__0__{key}": CHANNEL for key in ("FORM", "OWNERS")},
    "DQ_ALERTS__CHANNELS__0__NAME": {"DQ_ALERTS__CHANNELS__0__URL": "https://example.org"},
    "DQ_ALERTS__CHANNELS__0__URL": {"DQ_ALERTS__CHANNELS__0__NAME": "team"},
    "DQ_S3__OBJECT_LOCK_MODE": {"DQ_S3__RETAIN_DAYS": "7"},
    "DQ_S3__RETAIN_DAYS": {"DQ_S3__OBJECT_LOCK_MODE": "GOVERNANCE"},
    "DQ_S3__SSE_KMS_KEY_ID": {"DQ_S3__SERVER_SIDE_ENCRYPTION": "aws:kms"},
}


@pytest.mark.parametrize("variable", sorted(variables(Settings, ENV_PREFIX)))
def test_every_setting_can_be_set_by_a_variable(tmp_path: Path, variable: str) -> None:
    texts = [SAMPLES.get(variable, text) for text in ("19", "true", "word")]

    assert any(_accepted(tmp_path, variable, text) for text in texts)


def _accepted(tmp_path: Path, variable: str, text: str) -> bool:
    try:
        loaded(tmp_path, **{variable: text}, **COMPANIONS.get(variable, {}))
    except ConfigError as exc:
        assert "stands for no setting" not in str(exc)
        return False
    return True


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param(
            {"DQ_KAFKA__BOOTSTRAP_SERVER": "x"},
            "DQ_KAFKA__BOOTSTRAP_SERVER stands for no setting; "
            "did you mean DQ_KAFKA__BOOTSTRAP_SERVERS?",
            id="misspelt",
        ),
        pytest.param(
            {"DQ_ZZZ": "x"},
            "DQ_ZZZ stands for no setting; see `dataquarantine config show`",
            id="nothing near",
        ),
        pytest.param(
            {"DQ_KAFKA__GROUP__X": "x"},
            "DQ_KAFKA__GROUP__X stands for no setting; did you mean DQ_KAFKA__GROUP?",
            id="below a plain value",
        ),
        pytest.param(
            {"DQ_PIPELINES__1__MODE": "observe"},
            "DQ_PIPELINES__1__MODE is set, but number 0 is not; count from 0",
            id="position with a gap",
        ),
        pytest.param(
            {"DQ_S3__WORKERS": "many"},
            "settings that can't be used:\n  DQ_S3__WORKERS = 'many': "
            "Input should be a valid integer, unable to parse string as an integer",
            id="wrong type",
        ),
        pytest.param(
            {"DQ_PII_KEY": "s3cret", "DQ_KAFKA__SESSION_TIMEOUT_S": "1"},
            "settings that can't be used:\n  kafka: heartbeat_interval_s (3) must be at most a "
            "third of session_timeout_s (1)",
            id="contradiction",
        ),
    ],
)
def test_a_wrong_variable_is_refused_by_name(
    tmp_path: Path, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        loaded(tmp_path, **environ)

    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param("kafak: {}", "kafak is unknown; did you mean kafka?", id="section"),
        pytest.param(
            "kafka: {groups: x}", "kafka.groups is unknown; did you mean group?", id="key"
        ),
        pytest.param("- a", "holds a list; expected sections", id="no mapping"),
        pytest.param("a: [", "is not YAML", id="not YAML"),
        pytest.param(
            "pipelines: [{source: a, valid: a}]",
            "source, valid and dead_letter must be three different topics",
            id="same topic twice",
        ),
        pytest.param("pipelines: []", "at least one pipeline is needed", id="no pipeline"),
        pytest.param(
            "pipelines: [{source: a}, {source: a}]",
            "two pipelines read the same source: a",
            id="same source twice",
        ),
        pytest.param(
            "pipelines: [{source: a}, {source: b, valid: a}]",
            "a is both read and written: a loop",
            id="loop",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        loaded(tmp_path, text)

    assert part in str(refusal.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings(tmp_path / "absent.yaml", {})


def test_a_refused_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        loaded(tmp_path, "s3: {secret_key: [hunter2]}")

    assert "hunter2" not in str(refusal.value)


def test_shown_settings_hold_no_secret(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        DQ_POSTGRES__URL="postgresql+psycopg2://user:hunter2@db:5432/name",
        DQ_S3__SECRET_KEY="hunter2",
        DQ_S3__ACCESS_KEY="hunter2",
        DQ_PII_KEY="hunter2",
        DQ_KAFKA__SASL_PASSWORD="hunter2",
    )

    shown: dict[str, Any] = masked(settings)

    assert "hunter2" not in json.dumps(shown)
    assert shown["postgres"]["url"] == "postgresql+psycopg2://user:***@db:5432/name"


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"object_lock_mode": "COMPLIANCE"}, "need each other"),
        ({"retain_days": 30}, "need each other"),
        ({"sse_kms_key_id": "k", "server_side_encryption": "AES256"}, "aws:kms"),
    ],
    ids=str,
)
def test_settings_of_the_bucket_that_need_each_other(values: dict[str, object], part: str) -> None:
    with pytest.raises(ValueError, match=part):
        S3Settings.model_validate(values)


def test_exactly_once_is_refused_where_the_broker_has_no_transactions(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Tansu\) has not"):
        loaded(tmp_path, DQ_DELIVERY="exactly_once", DQ_KAFKA__IDEMPOTENCE="false")

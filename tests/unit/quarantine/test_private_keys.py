"""Record keys are personal data in Postgres unless a topic says otherwise."""

from __future__ import annotations

import pytest

from dataquarantine.quarantine.entries import entry_of
from dataquarantine.quarantine.private_keys import PrivateKeys
from dataquarantine.settings import Settings
from tests.unit.quarantine.factories import CLUSTER, NOW, dead_letters, source


def column(settings: dict[str, object], key: bytes | None) -> str | None:
    keys = PrivateKeys.from_settings(Settings.model_validate(settings))
    [letter] = dead_letters([source(key=key)])
    return entry_of(letter, CLUSTER, NOW, keys).row.key


def test_equal_keys_have_equal_pseudonyms_and_others_have_not() -> None:
    first, second, other = (column({}, key) for key in (b"USER1", b"USER1", b"USER2"))

    assert first == second != other
    assert "USER1" not in str(first)


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        pytest.param({"public_keys": ["raw-events"]}, True, id="public topic"),
        pytest.param({"public_keys": ["other"]}, False, id="another topic is public"),
        pytest.param({"pii_key": "s3cret"}, False, id="own secret"),
    ],
)
def test_only_keys_of_public_topics_are_shown(settings: dict[str, object], shown: bool) -> None:
    assert (column(settings, b"USER1") == "USER1") is shown


def test_pseudonyms_depend_on_the_secret() -> None:
    assert column({"pii_key": "a"}, b"k") != column({"pii_key": "b"}, b"k")
    assert column({"cluster_id": "a"}, b"k") != column({"cluster_id": "b"}, b"k")


def test_a_record_without_a_key_has_none() -> None:
    assert column({}, None) is None

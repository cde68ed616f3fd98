from pathlib import Path

import pytest

from dataquarantine.errors import ConfigError
from dataquarantine.schemas import catalog as catalogs
from dataquarantine.schemas.catalog import Catalog, FileCatalog, UnknownSchema, UnusableSchema
from dataquarantine.schemas.files import ListedSchema, SchemaFiles
from dataquarantine.settings import Settings
from dataquarantine.validation.compiled import CompiledSchema
from tests.unit.validation.judging import NOW, Listed, catalog_of, listed


def version_of(catalog: Catalog, name: str, version: str | None = None) -> str:
    found = catalog.find(name, version)
    assert isinstance(found, CompiledSchema)
    return found.version


@pytest.mark.parametrize(
    ("versions", "latest"),
    [
        (["1.0.0"], "1.0.0"),
        (["1.9.0", "1.10.0", "1.2.0"], "1.10.0"),
        (["1.0.0", "2.0.0-rc.1"], "1.0.0"),
        (["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-2"], "1.0.0-alpha.1"),
    ],
    ids=["only one", "by number", "pre-release is no release", "pre-releases alone"],
)
def test_the_latest_version_is_the_highest_release(versions: list[str], latest: str) -> None:
    catalog = catalog_of(*(listed(version=version) for version in versions))

    assert version_of(catalog, "user_event") == latest


def test_what_is_not_enforced_is_found_by_version_only() -> None:
    catalog = catalog_of(listed(version="1.0.0"), listed(version="2.0.0", enforced=False))

    assert version_of(catalog, "user_event") == "1.0.0"
    assert version_of(catalog, "user_event", "2.0.0") == "2.0.0"


def test_nothing_enforced_means_no_latest() -> None:
    catalog = catalog_of(listed(enforced=False))

    assert isinstance(catalog.find("user_event", None), UnknownSchema)


def test_an_earlier_source_hides_a_name_from_later_ones() -> None:
    registry = Listed(listed("a", "2.0.0"))
    files = Listed(listed("a", "3.0.0"), listed("b", "1.0.0"))
    catalog = Catalog([registry, files])
    catalog.refresh()

    assert version_of(catalog, "a") == "2.0.0"
    assert version_of(catalog, "b") == "1.0.0"
    assert catalog.find("a", "3.0.0") == UnknownSchema("a", "3.0.0", ("2.0.0",))


def test_a_schema_is_found_by_id() -> None:
    catalog = catalog_of(listed("a", schema_id=7), listed("b", schema_id=8))

    found = catalog.find_by_id(8)

    assert isinstance(found, CompiledSchema)
    assert found.name == "b"
    assert catalog.find_by_id(9) is None


def test_a_version_is_compiled_once() -> None:
    catalog = catalog_of(listed())

    assert catalog.find("user_event", None) is catalog.find("user_event", "1.0.0")


def test_looking_up_reads_no_source() -> None:
    source = Listed(listed())
    catalog = Catalog([source])
    catalog.refresh()

    for name in ("user_event", "unknown", "user_event"):
        catalog.find(name, None)

    assert source.reads == 1


def test_an_unchanged_listing_keeps_what_is_compiled() -> None:
    source = Listed(listed())
    catalog = Catalog([source])
    catalog.refresh()
    before = catalog.find("user_event", None)

    catalog.refresh()

    assert catalog.find("user_event", None) is before


def test_what_did_not_change_stays_compiled() -> None:
    source = Listed(listed("same"), listed("other"))
    catalog = Catalog([source])
    catalog.refresh()
    same, other = catalog.find("same", None), catalog.find("other", None)

    source.schemas = [listed("same"), listed("other", definition=True), listed("new")]
    catalog.refresh()

    assert catalog.find("same", None) is same
    assert catalog.find("other", None) is not other


def test_a_changed_schema_reaches_those_that_refer_to_it() -> None:
    user = listed("user", definition={"properties": {"zip": {"$ref": "urn:zip"}}})
    source = Listed(user, listed("zip", definition={"$id": "urn:zip", "type": "string"}))
    catalog = Catalog([source])
    catalog.refresh()
    before = catalog.find("user", None)

    source.schemas = [user, listed("zip", definition={"$id": "urn:zip", "type": "integer"})]
    catalog.refresh()
    after = catalog.find("user", None)

    assert isinstance(before, CompiledSchema)
    assert isinstance(after, CompiledSchema)
    assert before.passes({"zip": "1"}, NOW)
    assert after.passes({"zip": 1}, NOW)
    assert not after.passes({"zip": "1"}, NOW)


class Failing(Listed):
    """A source that is away after its first answer."""

    def read(self) -> tuple[ListedSchema, ...]:
        if self.reads:
            raise OSError("gone")
        return tuple(super().read())


def test_the_last_good_list_stays_when_a_source_fails(caplog: pytest.LogCaptureFixture) -> None:
    catalog = Catalog([Failing(listed())])

    assert catalog.refresh()
    assert not catalog.refresh()

    assert version_of(catalog, "user_event") == "1.0.0"
    assert "the last good list stays: gone" in caplog.text


def test_an_unusable_schema_is_named_once_and_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    catalog = catalog_of(listed("bad", definition={"type": "nope"}), listed("good"))

    found = [catalog.find("bad", None) for _ in range(3)]

    assert isinstance(found[0], UnusableSchema)
    assert found[0].problem.where == "bad@1.0.0#/type"
    assert found[0] is found[2]
    assert len(caplog.records) == 1
    assert version_of(catalog, "good") == "1.0.0"


def test_misses_are_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogs, "MAX_MISSES", 3)
    catalog = catalog_of(listed())
    first = catalog.find("m0", None)

    for number in range(3):
        catalog.find(f"m{number}", None)
    assert catalog.find("m0", None) is first

    for number in range(10):
        catalog.find(f"n{number}", None)
    assert catalog.find("m0", None) is not first


def test_a_miss_is_forgotten_when_the_schema_appears() -> None:
    source = Listed()
    catalog = Catalog([source])
    catalog.refresh()
    assert isinstance(catalog.find("user_event", None), UnknownSchema)

    source.schemas = [listed()]
    catalog.refresh()

    assert version_of(catalog, "user_event") == "1.0.0"


def test_everything_is_listed_by_name_and_version() -> None:
    catalog = catalog_of(listed("b"), listed("a", "1.10.0"), listed("a", "1.9.0"))

    assert [v.document.reference for v in catalog.versions()] == ["a@1.9.0", "a@1.10.0", "b@1.0.0"]


def test_the_file_catalog_comes_from_the_settings(tmp_path: Path) -> None:
    (tmp_path / "order").mkdir()
    (tmp_path / "order" / "1.0.0.yaml").write_text("name: order\nversion: 1.0.0\nschema: true\n")
    settings = Settings.model_validate({"schemas": {"folder": tmp_path}})

    catalog = FileCatalog.from_settings(settings)

    assert catalog.refresh()
    assert version_of(catalog, "order") == "1.0.0"


def test_a_missing_folder_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = SchemaFiles(tmp_path / "nowhere")

    assert not FileCatalog(files).refresh()
    assert "nowhere can't be listed" in caplog.text
    with pytest.raises(ConfigError):
        files.read()

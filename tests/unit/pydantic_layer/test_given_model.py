import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import Code, ErrorType
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.validation.pydantic_model import PydanticLayer, compile_pydantic

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MODELS = "pydantic_layer_models"
GOOD = {
    "id": 1,
    "kind": "private",
    "email": "a@b.c",
    "created": "2026-01-01T00:00:00Z",
    "addresses": [{"street": "x", "zip": "12345"}],
}


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer this folder's models under a package of their own."""
    package = tmp_path / MODELS
    package.mkdir()
    source = Path(__file__).parent / "models.py"
    (package / "__init__.py").write_text("")
    (package / "customers.py").write_text(source.read_text())
    (package / "raising.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith(MODELS)]:
        monkeypatch.delitem(sys.modules, name)


def layer(path: str = f"{MODELS}.customers:Customer", *, strict: bool = False) -> PydanticLayer:
    document = SchemaDocument(
        name="customer", version="1.0.0", type="pydantic", model=path, strict=strict
    )
    return compile_pydantic(document, [MODELS])


@pytest.mark.parametrize("strict", [False, True], ids=["lax", "strict"])
def test_good_document_passes(strict: bool) -> None:
    assert layer(strict=strict).passes(GOOD, NOW)
    assert layer(strict=strict).violations(GOOD, NOW) == []


def test_text_for_a_number_passes_lax_only() -> None:
    document = {**GOOD, "id": "1"}

    assert layer().passes(document, NOW)
    assert not layer(strict=True).passes(document, NOW)


@pytest.mark.parametrize(
    ("change", "code", "field_path", "location", "keyword_location", "message"),
    [
        pytest.param({"id": None}, Code.WRONG_TYPE, "id", "/id", "/properties/id/int_type",
            "id: input should be a valid integer, got null", id="type"),
        pytest.param({"id": "x"}, Code.WRONG_TYPE, "id", "/id", "/properties/id/int_parsing",
            "id: input should be a valid integer, unable to parse string as an integer, got 'x'",
            id="parsing"),
        pytest.param({"id": 0}, Code.OUT_OF_RANGE, "id", "/id", "/properties/id/greater_than",
            "id: input should be greater than 0, got 0", id="range"),
        pytest.param({"kind": "x"}, Code.ENUM_MISMATCH, "kind", "/kind",
            "/properties/kind/literal_error",
            "kind: input should be 'private' or 'company', got 'x'", id="enum"),
        pytest.param({"created": "soon"}, Code.FORMAT_MISMATCH, "created", "/created",
            "/properties/created/datetime_from_date_parsing",
            "created: input should be a valid datetime or date, input is too short, got 'soon'",
            id="format"),
        pytest.param({"more": 1}, Code.UNKNOWN_FIELD, "more", "/more",
            "/additionalProperties/extra_forbidden", "more: is no property of the model",
            id="unknown"),
        pytest.param({"addresses": [{"zip": "12345"}]}, Code.MISSING_FIELD, "addresses[0].street",
            "/addresses/0", "/properties/addresses/items/missing",
            "addresses[0]: 'street' is a required property", id="missing-inside"),
        pytest.param({"addresses": [{"street": "x", "zip": "1"}]}, Code.PATTERN_MISMATCH,
            "addresses[0].zip", "/addresses/0/zip",
            "/properties/addresses/items/properties/zip/string_pattern_mismatch",
            "addresses[0].zip: string should match pattern '^[0-9]{5}$', got '1'", id="pattern"),
        pytest.param({"scores": {"a/b": "x"}}, Code.WRONG_TYPE, "scores.a/b", "/scores/a~1b",
            "/properties/scores/additionalProperties/float_parsing",
            "scores.a/b: input should be a valid number, unable to parse string as a number,"
            " got 'x'", id="dict-value"),
        pytest.param({"email": "secret"}, Code.INVALID_VALUE, "email", "/email",
            "/properties/email/value_error",
            "email: 'xxxxxx' does not pass value_error", id="masked"),
        pytest.param({"email": 7}, Code.WRONG_TYPE, "email", "/email",
            "/properties/email/string_type",
            "email: the value (masked) does not pass string_type", id="masked-type"),
    ],
)  # fmt: skip
def test_error_becomes_a_violation(
    change: dict[str, Any],
    code: Code,
    field_path: str,
    location: str,
    keyword_location: str,
    message: str,
) -> None:
    [violation] = layer().violations({**GOOD, **change}, NOW)

    assert violation.message == message
    assert (violation.code, violation.field_path) == (code, field_path)
    assert violation.instance_location == location
    assert violation.keyword_location == keyword_location


def test_all_errors_are_named() -> None:
    found = layer().violations({"more": 1, "kind": "private"}, NOW)

    assert [v.field_path for v in found] == ["id", "email", "created", "more"]
    assert layer().error_type is ErrorType.TYPE_VIOLATION


def test_branches_of_a_union_are_not_part_of_the_path() -> None:
    found = layer().violations({**GOOD, "reference": {"street": "x"}}, NOW)

    assert [v.field_path for v in found] == ["reference", "reference.zip"]


def test_error_of_the_model_itself_is_passed_on() -> None:
    with pytest.raises(RuntimeError, match="out of order"):
        layer(f"{MODELS}.customers:Broken").passes({"id": 1}, NOW)


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        pytest.param("os:system", "module os is not in an allowed package", id="not-allowed"),
        pytest.param(f"{MODELS}x:A", "not in an allowed package", id="longer-name"),
        pytest.param("../x:A", "is no path of a class", id="no-path"),
        pytest.param(f"{MODELS}.customers", "is no path of a class", id="no-class"),
        pytest.param(f"{MODELS}.none:A", "can't be imported", id="no-module"),
        pytest.param(f"{MODELS}.raising:A", "ZeroDivisionError", id="raising-module"),
        pytest.param(f"{MODELS}.customers:A", "has no A", id="no-such-class"),
        pytest.param(f"{MODELS}.customers:NOT_A_MODEL", "is no Pydantic model", id="no-model"),
    ],
)
def test_unusable_model_is_refused(path: str, problem: str) -> None:
    with pytest.raises(InvalidSchema, match=problem) as refused:
        layer(path)

    assert refused.value.where == "customer@1.0.0"
    assert refused.value.remedy


def test_module_outside_the_packages_is_not_imported() -> None:
    with pytest.raises(InvalidSchema):
        layer("this:that")

    assert "this" not in sys.modules

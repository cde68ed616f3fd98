import logging
from pathlib import Path

import pytest

from dataquarantine.errors import ConfigError, InvalidSchema
from dataquarantine.schemas.files import SchemaFiles, load_schema_file, locate
from dataquarantine.testing import ManualClock

GOOD = """\
name: order
version: 1.0.0
schema:
  type: object
"""


def write(folder: Path, path: str, content: str | bytes = GOOD) -> Path:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    return target


def references(files: SchemaFiles) -> list[str]:
    return [listed.document.reference for listed in files.read()]


def test_yaml_and_json_files_are_listed(tmp_path: Path) -> None:
    write(tmp_path, "order/1.0.0.yaml")
    write(tmp_path, "order/1.1.0.yml", GOOD.replace("1.0.0", "1.1.0"))
    write(tmp_path, "invoice/2.0.0.json", '{"name":"invoice","version":"2.0.0","schema":true}')
    write(tmp_path, "order/README.md", "not a schema")
    write(tmp_path, ".git/1.0.0.yaml", "{")
    files = SchemaFiles(tmp_path)

    assert references(files) == ["invoice@2.0.0", "order@1.0.0", "order@1.1.0"]
    assert files.problems == ()


def test_values_are_those_of_json(tmp_path: Path) -> None:
    content = GOOD + (
        "examples:\n"
        "  - {a: 2024-01-15, b: 2024-01-15T10:30:00Z, c: yes, d: no, e: on, f: 0x10, g: 010}\n"
        "  - {h: 1e3, i: 1.10, j: -7, k: null, l: ~, m: true}\n"
        "  - {n: 12:30:45, o: '1', p: .5, q: 1_000}\n"
        f"  - [{10**30}, [], {{}}]\n"
    )

    first, second, third, fourth = load_schema_file(
        write(tmp_path, "order/1.0.0.yaml", content)
    ).examples

    assert first == {
        "a": "2024-01-15",
        "b": "2024-01-15T10:30:00Z",
        "c": "yes",
        "d": "no",
        "e": "on",
        "f": "0x10",
        "g": "010",
    }
    assert second == {
        "h": 1000.0,
        "i": 1.1,
        "j": -7,
        "k": None,
        "l": None,
        "m": True,
    }
    assert third == {
        "n": "12:30:45",
        "o": "1",
        "p": ".5",
        "q": "1_000",
    }
    assert fourth == [10**30, [], {}]


BOMB = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"
DEEP = "schema: " + "[" * 300 + "]" * 300

BROKEN: dict[str, tuple[str, str | bytes, str]] = {
    "not YAML": (
        "order/1.0.0.yaml",
        "name: order\nversion: [1\n",
        ":3: not YAML: did not find expected ',' or ']'; correct the YAML",
    ),
    "not JSON": (
        "order/1.0.0.json",
        '{"name": "order",\n "version": }',
        ":2: not JSON: Expecting value; correct the JSON",
    ),
    "NaN": ("order/1.0.0.json", '{"a": NaN}', ": NaN is no JSON number; remove it"),
    "duplicate key": (
        "order/1.0.0.yaml",
        GOOD + "name: order\n",
        ":5: key 'name' stands twice; keep one of them",
    ),
    "duplicate key in JSON": (
        "order/1.0.0.json",
        '{"name": "order", "name": "order"}',
        ": key 'name' stands twice; keep one of them",
    ),
    "a tag": (
        "order/1.0.0.yaml",
        "a: !!python/object/apply:os.system ['true']",
        ":1: tag tag:yaml.org,2002:python/object/apply:os.system is not allowed; remove the tag",
    ),
    "an alias bomb": (
        "order/1.0.0.yaml",
        BOMB,
        ":1: aliases are not allowed; use $defs and $ref",
    ),
    "too deep": (
        "order/1.0.0.yaml",
        DEEP,
        ":1: nested deeper than 200 levels; use $defs and $ref",
    ),
    "much too deep": (
        "order/1.0.0.json",
        "[" * 100_000,
        ":1: nested deeper than 200 levels; use $defs and $ref",
    ),
    "a key that is no text": (
        "order/1.0.0.yaml",
        "[a, b]: 1",
        ":1: a key must be text; quote it",
    ),
    "not UTF-8": (
        "order/1.0.0.yaml",
        b"name: \xff",
        ": the file is not UTF-8 (byte 6); save it as UTF-8",
    ),
    "empty": (
        "order/1.0.0.yaml",
        "",
        ": the file holds no mapping; write name, version and schema",
    ),
    "an unknown key": (
        "order/1.0.0.yaml",
        GOOD + "ownr: me\n",
        ":5: ownr: unknown key; see the schema file reference",
    ),
    "a version that is a number": (
        "order/1.0.0.yaml",
        GOOD.replace("1.0.0", "1.0"),
        ":2: version: Input should be a valid string; see the schema file reference",
    ),
    "no SemVer": (
        "order/1.0.0.yaml",
        GOOD.replace("1.0.0", "v1"),
        ":2: version: 'v1' is no SemVer version such as 1.0.0; see the schema file reference",
    ),
    "a rule without text": (
        "order/1.0.0.yaml",
        GOOD + "rules:\n  - name: a\n    expression: x > 1\n  - name: b\n",
        ":8: rules.1: rule 'b' has no expression; see the schema file reference",
    ),
    "another name": (
        "invoice/1.0.0.yaml",
        GOOD,
        ": the file says order@1.0.0; move it to order/1.0.0.yaml or correct it",
    ),
    "another version": (
        "order/2.0.0.yaml",
        GOOD,
        ": the file says order@1.0.0; move it to order/1.0.0.yaml or correct it",
    ),
    "5 MB": (
        "order/1.0.0.yaml",
        b"#" * 5 * 2**20,
        ": the file holds 5.0 MB, more than 4 MB; "
        "split it into schemas that refer to each other by $id and $ref",
    ),
}


@pytest.mark.parametrize(
    ("path", "content", "problem"), BROKEN.values(), ids=[name for name in BROKEN]
)
def test_a_bad_file_is_named_in_one_line_and_stops_no_other(
    tmp_path: Path, path: str, content: str | bytes, problem: str
) -> None:
    bad = write(tmp_path, path, content)
    write(tmp_path, "sound/1.0.0.yaml", GOOD.replace("order", "sound"))
    files = SchemaFiles(tmp_path)

    assert references(files) == ["sound@1.0.0"]
    assert [str(p) for p in files.problems] == [f"{bad}{problem}"]
    with pytest.raises(InvalidSchema):
        load_schema_file(bad)


def test_the_folder_is_read_once_in_its_time(tmp_path: Path) -> None:
    clock = ManualClock()
    files = SchemaFiles(tmp_path, ttl_s=300, clock=clock)
    assert references(files) == []
    write(tmp_path, "order/1.0.0.yaml")

    clock.advance(299)
    assert references(files) == []

    clock.advance(1)
    assert references(files) == ["order@1.0.0"]


def test_an_unchanged_file_gives_the_same_document(tmp_path: Path) -> None:
    write(tmp_path, "order/1.0.0.yaml")
    files = SchemaFiles(tmp_path, ttl_s=0)

    assert files.read()[0] is files.read()[0]


def test_a_file_that_breaks_stays_at_its_last_good_content(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path, "order/1.0.0.yaml")
    files = SchemaFiles(tmp_path, ttl_s=0)
    files.read()

    path.write_text("{")
    with caplog.at_level(logging.WARNING):
        assert references(files) == ["order@1.0.0"]
        assert references(files) == ["order@1.0.0"]
    assert len(files.problems) == len(caplog.records) == 1

    path.write_text(GOOD)
    assert references(files) == ["order@1.0.0"]
    assert not files.problems


def test_a_file_that_goes_takes_its_schema_along(tmp_path: Path) -> None:
    path = write(tmp_path, "order/1.0.0.yaml")
    files = SchemaFiles(tmp_path, ttl_s=0)
    files.read()

    path.unlink()

    assert references(files) == []


def test_a_missing_folder_is_a_matter_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere can't be listed .*schemas\.folder"):
        SchemaFiles(tmp_path / "nowhere").read()


@pytest.mark.parametrize(
    ("parts", "line"),
    [(("schema", "type"), 4), (("schema",), 3), (("schema", "gone"), 3), ((), 1)],
    ids=str,
)
def test_a_place_in_a_file_has_a_line(tmp_path: Path, parts: tuple[str, ...], line: int) -> None:
    path = write(tmp_path, "order/1.0.0.yaml")

    assert locate(path, parts) == f"{path}:{line}"


def test_a_place_in_no_file_has_none(tmp_path: Path) -> None:
    assert locate(tmp_path / "gone.yaml", ("a",)) == str(tmp_path / "gone.yaml")

"""Whatever is wrong with a schema file, `schema lint` says it in one line with place and remedy."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from dataquarantine.cli import main
from tests.bad_schemas import BAD_SCHEMAS, TEN_THOUSAND_PROPERTIES, write_bad_schemas


@pytest.mark.parametrize("name", BAD_SCHEMAS)
def test_lint_says_file_line_problem_and_remedy(tmp_path: Path, name: str) -> None:
    bad, path = BAD_SCHEMAS[name], write_bad_schemas(tmp_path)[name]

    result = CliRunner().invoke(main, ["schema", "lint", str(path), "--json"])

    assert result.exit_code == 1, result.output
    (found,) = json.loads(result.stdout)["items"]
    assert found["where"] == (f"{path}:{bad.line}" if bad.line else str(path))
    assert bad.problem in found["problem"]
    assert bad.remedy in found["problem"]
    assert len(found["problem"]) < 300
    assert "\n" not in found["problem"]


def test_ten_thousand_properties_are_linted_in_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "ten_thousand_properties" / "1.0.0.json"
    path.parent.mkdir()
    path.write_text(TEN_THOUSAND_PROPERTIES, "utf-8")
    started = time.process_time()

    result = CliRunner().invoke(main, ["schema", "lint", str(path)])

    assert (result.exit_code, result.stdout) == (0, "")
    assert time.process_time() - started < 20

"""Thousands of requests made from the OpenAPI document, right and wrong ones, against a worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.integration.worker.api.client import Client

#: The stream of live figures never ends; an audit starts a process and reads everything.
LEFT_OUT = ("/live", "/audit")
SECONDS = 75
LEAST_CASES = 1000
#: 428 is what RFC 6585 has for a change without `If-Match`.
CONFIG = """
[checks.missing_required_header]
expected-statuses = [400, 401, 403, 422, 428]
"""


def test_no_request_breaks_the_api_or_gets_an_undocumented_answer(
    client: Client, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    arguments = [
        *("run", f"http://127.0.0.1:{client.worker.port}/api/v1/openapi.json"),
        *("--header", f"Authorization: Bearer {client.tokens['admin']}"),
        # One worker: in threads Python 3.11's parser may end with "AST constructor recursion depth
        # mismatch" (python/cpython#106905).
        *("--max-time", str(SECONDS), "--max-examples", "40", "--seed", "7"),
        *("--request-timeout", "30", "--continue-on-failure", "--no-shrink"),
        # A well-formed document may be no schema (422), a change of an old version (412).
        *("--exclude-checks", "positive_data_acceptance"),
        *("--report", "json", "--report-json-path", str(report)),
        *(argument for path in LEFT_OUT for argument in ("--exclude-path", path)),
    ]

    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stdout[-15000:] + done.stderr[-2000:]
    found = json.loads(report.read_text())
    assert found["test_cases"]["generated"] >= LEAST_CASES
    assert found["operations"]["tested"] == found["operations"]["selected"]

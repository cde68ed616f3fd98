"""The alerts: they read what there is, are tested, and lead to a page."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.deploy.promql import declared, metrics_of

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "rules.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
PROMTOOL = shutil.which("promtool") or shutil.which(
    REPOSITORY / ".cache" / "prometheus" / "usr" / "bin" / "promtool"
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_reads_metrics_that_there_are(rule: dict[str, Any]) -> None:
    read = metrics_of(rule["expr"])

    assert read
    assert read <= declared() | RECORDED


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_fires_in_one_test_and_not_in_another(alert: dict[str, Any]) -> None:
    tests = yaml.safe_load((FOLDER / "rules_test.yaml").read_text("utf-8"))["tests"]

    cases = [case for test in tests for case in test.get("alert_rule_test", [])]
    outcomes = {bool(c["exp_alerts"]) for c in cases if c["alertname"] == alert["alert"]}

    assert outcomes == {True, False}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_leads_to_a_page_that_names_it(alert: dict[str, Any]) -> None:
    page = REPOSITORY / alert["annotations"]["runbook_url"]

    assert page.parent == REPOSITORY / "docs" / "operations"
    assert alert["alert"] in page.read_text("utf-8")


@pytest.mark.skipif(
    PROMTOOL is None and "CI" not in os.environ,
    reason="promtool is not here; `make promtool` brings it",
)
def test_promtool_agrees() -> None:
    command = [str(PROMTOOL), "test", "rules", "rules_test.yaml"]

    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr

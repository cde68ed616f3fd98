"""The chart, by what Helm renders of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dataquarantine.settings import Settings

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "deploy" / "helm"
CASES = sorted((FOLDER / "cases").glob("*.yaml"))
POD_KINDS = ("StatefulSet", "Deployment", "Job")


def rendered(case: Path) -> str:
    return (FOLDER / "rendered" / case.name).read_text("utf-8")


def objects(case: Path) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(rendered(case)) if each]


@pytest.fixture(params=CASES, ids=lambda case: case.stem)
def case(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


def test_what_is_checked_in_was_rendered_from_this_chart(case: Path) -> None:
    command = [REPOSITORY / "scripts" / "hash-chart", case]

    digest = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert rendered(case).splitlines()[0].endswith(digest), "run scripts/render-chart (needs helm)"


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not here; others render it")
def test_helm_renders_the_same(case: Path) -> None:
    command = ["helm", "template", "gateway", "dataquarantine", "--namespace", "data"]
    command += ["--kube-version", "1.32", "--values", str(case)]

    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True)

    assert done.stdout == rendered(case).partition("\n")[2]


def test_a_worker_accepts_the_settings(case: Path) -> None:
    [config] = [o for o in objects(case) if "dataquarantine.yaml" in o.get("data", {})]

    settings = Settings.model_validate(yaml.safe_load(config["data"]["dataquarantine.yaml"]))

    assert settings.web.host == "0.0.0.0"


def test_every_pod_is_confined(case: Path) -> None:
    pods = [o["spec"]["template"]["spec"] for o in objects(case) if o["kind"] in POD_KINDS]

    assert len(pods) == 3
    for pod in pods:
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_no_secret_is_in_the_manifests(case: Path) -> None:
    pods = [o["spec"]["template"]["spec"] for o in objects(case) if o["kind"] in POD_KINDS]

    for variable in (env for pod in pods for env in pod["containers"][0]["env"]):
        is_secret = any(word in variable["name"] for word in ("URL", "KEY", "PASSWORD"))
        assert is_secret == ("secretKeyRef" in variable.get("valueFrom", {})), variable["name"]


def test_the_chart_has_the_tested_rules() -> None:
    tested = (REPOSITORY / "deploy" / "prometheus" / "rules.yaml").read_text("utf-8")

    assert (FOLDER / "dataquarantine" / "files" / "rules.yaml").read_text("utf-8") == tested

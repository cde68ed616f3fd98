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


class Pods:
    """The workers' pods, for what other objects name of them; no schema compares two objects."""

    def __init__(self, case: Path) -> None:
        self.objects = objects(case)
        [self.workload] = [o for o in self.objects if o["kind"] in ("StatefulSet", "Deployment")]
        template = self.workload["spec"]["template"]
        [container] = template["spec"]["containers"]
        self.labels: dict[str, str] = template["metadata"]["labels"]
        self.ports = {port["name"] for port in container["ports"]}
        self.volumes = template["spec"]["volumes"]

    def of_kind(self, *kinds: str) -> list[dict[str, Any]]:
        return [each for each in self.objects if each["kind"] in kinds]

    def have(self, labels: dict[str, str]) -> bool:
        return labels.items() <= self.labels.items()


def test_services_lead_to_the_pods(case: Path) -> None:
    pods = Pods(case)

    for service in pods.of_kind("Service"):
        assert pods.have(service["spec"]["selector"])
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= pods.ports
    names = {each["metadata"]["name"] for each in pods.of_kind("Service")}
    assert pods.workload["spec"].get("serviceName", next(iter(names))) in names


def test_pods_mount_what_the_chart_makes(case: Path) -> None:
    pods = Pods(case)

    maps = {each["metadata"]["name"] for each in pods.of_kind("ConfigMap")}
    assert {v["configMap"]["name"] for v in pods.volumes if "configMap" in v} <= maps


def test_scaling_and_policies_are_about_the_pods(case: Path) -> None:
    pods = Pods(case)
    named = (pods.workload["kind"], pods.workload["metadata"]["name"])

    for scaler in pods.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) == named
    for budget in pods.of_kind("PodDisruptionBudget"):
        assert pods.have(budget["spec"]["selector"]["matchLabels"])
    for policy in pods.of_kind("NetworkPolicy"):
        assert pods.have(policy["spec"]["podSelector"]["matchLabels"])
        opened = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
        assert opened <= pods.ports


def test_what_is_monitored_is_served(case: Path) -> None:
    pods = Pods(case)

    for monitor in pods.of_kind("ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        services = [s for s in pods.of_kind("Service") if wanted <= s["metadata"]["labels"].items()]
        served = {port["name"] for service in services for port in service["spec"]["ports"]}
        assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} <= served


def test_no_secret_is_in_the_manifests(case: Path) -> None:
    pods = [o["spec"]["template"]["spec"] for o in objects(case) if o["kind"] in POD_KINDS]

    for variable in (env for pod in pods for env in pod["containers"][0]["env"]):
        is_secret = any(word in variable["name"] for word in ("URL", "KEY", "PASSWORD"))
        assert is_secret == ("secretKeyRef" in variable.get("valueFrom", {})), variable["name"]


def test_the_chart_has_the_tested_rules() -> None:
    tested = (REPOSITORY / "deploy" / "prometheus" / "rules.yaml").read_text("utf-8")

    assert (FOLDER / "dataquarantine" / "files" / "rules.yaml").read_text("utf-8") == tested

"""Image and Compose files, by what can be told without a container runtime."""

from __future__ import annotations

import fnmatch
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[3]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text("utf-8")
IGNORED = (REPOSITORY / ".dockerignore").read_text("utf-8").split()


def copied() -> list[str]:
    """Name what the image takes from the clone."""
    lines = [shlex.split(line)[1:-1] for line in DOCKERFILE.splitlines() if line[:5] == "COPY "]
    return [each for line in lines if not line[0].startswith("--from") for each in line]


def services() -> dict[str, Any]:
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text("utf-8"))
    found: dict[str, Any] = compose["services"]
    return found


@pytest.mark.parametrize("source", copied())
def test_what_the_image_copies_is_there_and_is_not_ignored(source: str) -> None:
    assert (REPOSITORY / source).exists()
    assert not any(fnmatch.fnmatch(source.strip("./"), pattern) for pattern in IGNORED)


def test_every_image_is_pinned_to_a_release() -> None:
    bases = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("FROM ")]
    images = [service["image"] for service in services().values()]

    tags = {image: image.partition(":")[2] for image in (*bases, *images)}
    assert {image for image, tag in tags.items() if not any(map(str.isdigit, tag))} == set()


def test_what_compose_mounts_from_the_clone_is_there() -> None:
    mounts = [each for service in services().values() for each in service.get("volumes", [])]
    paths = [each.split(":")[0] for each in mounts if each.startswith(".")]

    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []

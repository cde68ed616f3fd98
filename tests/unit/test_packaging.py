"""What the wheel holds is written by hand; these say when it is no longer everything."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(REPOSITORY / "setup.cfg", "utf-8")
    return parser


def names(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_every_package_is_in_the_wheel(setup_cfg: configparser.ConfigParser) -> None:
    listed = names(setup_cfg["options"]["packages"])
    mapped = dict(
        line.replace(" ", "").split("=") for line in names(setup_cfg["options"]["package_dir"])
    )
    own = {
        str(each.parent.relative_to(REPOSITORY)).replace("/", ".")
        for each in (REPOSITORY / "dataquarantine").rglob("__init__.py")
    }

    assert listed == sorted(listed)
    assert {name for name in listed if not name.startswith(tuple(mapped))} == own


def test_every_package_folder_has_an_init() -> None:
    folders = {each.parent for each in (REPOSITORY / "dataquarantine").rglob("*.py")}

    assert [each for each in sorted(folders) if not (each / "__init__.py").exists()] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_lock_files_name_exact_versions_and_no_place(name: str) -> None:
    lines = (REPOSITORY / name).read_text("utf-8").splitlines()

    packages = [line for line in lines if not line.startswith(("#", "-r "))]
    assert [line for line in packages if line.count("==") != 1 or "/" in line] == []


def test_the_second_lock_file_only_adds_to_the_first() -> None:
    first, second = (
        {line.split("==")[0].lower() for line in text.splitlines() if "==" in line}
        for text in (
            (REPOSITORY / "requirements.txt").read_text("utf-8"),
            (REPOSITORY / "requirements-test.txt").read_text("utf-8"),
        )
    )

    assert first & second == set()


def test_locked_versions_fit_the_ranges(setup_cfg: configparser.ConfigParser) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    locked = dict(
        (canonicalize_name(line.split("==")[0]), line.split("==")[1])
        for name in ("requirements.txt", "requirements-test.txt")
        for line in (REPOSITORY / name).read_text("utf-8").splitlines()
        if "==" in line
    )
    ranges = [
        setup_cfg["options"]["install_requires"],
        *setup_cfg["options.extras_require"].values(),
    ]
    wanted = [Requirement(line) for text in ranges for line in names(text)]

    unfit = [
        str(each)
        for each in wanted
        if each.name != "dataquarantine"
        and not each.specifier.contains(locked.get(canonicalize_name(each.name), "0"))
    ]
    assert unfit == []

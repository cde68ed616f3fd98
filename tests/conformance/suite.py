"""The official JSON-Schema-Test-Suite, as PyPI's source distribution of `jsonschema` carries it."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

VERSION = "4.26.0"
CACHE = Path(__file__).parents[2] / ".cache"
ROOT = CACHE / f"json-schema-test-suite-{VERSION}"

DRAFTS = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}
KINDS = {"required": "", "optional": "optional", "format": "optional/format"}


class Case(NamedTuple):
    """One schema with its instances: (description, data, whether it is valid)."""

    draft: str
    kind: str
    file: str
    description: str
    schema: Any
    tests: tuple[tuple[str, Any, bool], ...]


def fetch() -> None:
    """Download and unpack the suite once; it is never committed."""
    if ROOT.exists():
        return
    downloads = CACHE / "jsonschema-sdist"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    options = ["--no-binary", "jsonschema", "--dest", str(downloads), f"jsonschema=={VERSION}"]
    subprocess.run([*command, *options], check=True)
    prefix = f"jsonschema-{VERSION}/json/"
    with tarfile.open(downloads / f"jsonschema-{VERSION}.tar.gz") as archive:
        members = [m for m in archive.getmembers() if m.name.startswith(prefix)]
        for member in members:
            member.name = member.name.removeprefix(prefix)
        unpacked = ROOT.with_suffix(".part")
        archive.extractall(unpacked, members, filter="data")
    unpacked.rename(ROOT)


def cases(draft: str, kind: str) -> Iterator[Case]:
    """Yield the cases of a draft; schemas without `$schema` get the draft's."""
    for path in sorted((ROOT / "tests" / draft / KINDS[kind]).glob("*.json")):
        for group in json.loads(path.read_text("utf-8")):
            schema = group["schema"]
            if isinstance(schema, dict):
                schema = {"$schema": DRAFTS[draft], **schema}
            tests = tuple((t["description"], t["data"], t["valid"]) for t in group["tests"])
            yield Case(draft, kind, path.stem, group["description"], schema, tests)


@cache
def remotes() -> dict[str, Any]:
    """Return what the suite's `$ref`s may lead to, by URI."""
    found: dict[str, Any] = {}
    folder = ROOT / "remotes"
    for path in folder.rglob("*.json"):
        relative = path.relative_to(folder)
        document = json.loads(path.read_text("utf-8"))
        found[f"http://localhost:1234/{relative.as_posix()}"] = document
    return found

"""Lighthouse's rating of the pages of a dashboard that is in use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.browser.pages import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
AUDIT = ROOT / ".cache" / "lighthouse" / "audit.mjs"
LOWEST = 0.95
PAGES = (
    "/",
    "/quarantine/",
    "/quarantine/?id={record}",
    "/incidents/",
    "/replay/?incident={incident}",
    "/schemas/?name=user_event",
    "/topics/",
    "/audit/",
    "/tokens/",
)


def test_accessibility_is_rated_at_least_0_95(dev_site: Site) -> None:
    if not AUDIT.exists():
        pytest.fail("Lighthouse is missing: make lighthouse fetches it")
    record = dev_site.get("/quarantine?limit=1")["items"][0]["id"]
    incident = dev_site.get("/incidents")["items"][0]["fingerprint"]
    urls = [dev_site.url + page.format(record=record, incident=incident) for page in PAGES]

    rated = audit(urls)

    assert {url: found for url, found in rated.items() if found["score"] < LOWEST} == {}
    assert len(rated) == len(PAGES)


def audit(urls: list[str]) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    command = [str(ROOT / "scripts" / "with-node"), "node", str(AUDIT), chromium, *urls]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    print({url.partition("/")[2]: each["score"] for url, each in found.items()})
    return found

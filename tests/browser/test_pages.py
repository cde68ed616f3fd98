"""Every page in both themes: filled, readable, its console empty."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.browser.pages import PATIENCE_MS, THEMES, Site, accessibility, settled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SCREENS = (390, 1920)
FITS = "width => document.documentElement.scrollWidth <= width"
#: `make screenshots` sets it.
SCREENSHOTS = os.environ.get("DASHBOARD_SCREENSHOTS")


def places(site: Site) -> dict[str, tuple[str, str]]:
    """Name every page: its path, and a text that it shows once its data is there."""
    record = site.get("/quarantine?code=MISSING_FIELD&limit=1")["items"][0]["id"]
    incident = site.get("/incidents?schema=user_event")["items"][0]["fingerprint"]
    return {
        "overview": ("/", "Lag per partition"),
        "quarantine": ("/quarantine/", "MISSING_FIELD"),
        "record": (f"/quarantine/?id={record}", "'user_id' is a required property"),
        "incidents": ("/incidents/", "user_event"),
        "incident": (f"/incidents/?fingerprint={incident}", "checkout"),
        "replay": ("/replay/", "Replays"),
        "schemas": ("/schemas/?name=user_event", "enforced"),
        "topics": ("/topics/", "Committed offset"),
        "audit": ("/audit/", "Seen"),
        "tokens": ("/tokens/", "Make a token"),
        "sign-in": ("/sign-in/", "Token"),
    }


@pytest.mark.parametrize("theme", THEMES)
def test_every_page_is_filled_readable_and_quiet(site: Site, theme: str) -> None:
    findings: dict[str, list[str]] = {}

    with site.opened(theme=theme, who="admin") as page:
        for name, (path, text) in places(site).items():
            page.goto(site.url + path)
            expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE_MS)
            settled(page)
            if SCREENSHOTS:
                Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{SCREENSHOTS}/{name}-{theme}.png")
            findings[name] = accessibility(page) + widths(page)

    assert {name: found for name, found in findings.items() if found} == {}


def widths(page: Page) -> list[str]:
    """Name the screens that the page is wider than."""
    before, too_wide = page.viewport_size, []
    for width in SCREENS:
        page.set_viewport_size({"width": width, "height": 900})
        try:  # charts follow a moment later
            page.wait_for_function(FITS, arg=width, timeout=5000)
        except TimeoutError:
            too_wide.append(f"wider than {width}")
    assert before is not None
    page.set_viewport_size(before)
    return too_wide

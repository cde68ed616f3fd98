"""From an incident that appears to its resolution: by visible labels alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import EVENT, as_bytes
from tests.browser.pages import PATIENCE_MS, Site
from tests.integration.worker.stack import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CLICKS = 8


class Hand:
    """Clicks what it can read, and counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, role: str, name: str | re.Pattern[str]) -> None:
        found = self.page.locator(f"{role}:visible").filter(has_text=name).last
        expect(found).to_be_enabled(timeout=PATIENCE_MS)
        found.click()
        self.clicks += 1


def test_an_incident_is_repaired_by_example_replayed_and_resolved(site: Site, stack: Stack) -> None:
    with site.opened() as page:
        hand = Hand(page)
        stack.produce([as_bytes({**EVENT, "event_type": "Click"})] * 5)

        hand.click("main a", re.compile("event_type"))  # it appears by itself
        hand.click("[role=dialog] a", "Fix & replay")
        edit(page, '"Click"', '"click"')
        expect(page.get_by_text("passes user_event")).to_be_visible(timeout=PATIENCE_MS)
        hand.click("button", "Derive a recipe")
        expect(page.get_by_label("Derived recipe")).to_be_visible(timeout=PATIENCE_MS)
        hand.click("button", "Dry run")
        expect(page.get_by_label("Samples")).to_be_visible(timeout=PATIENCE_MS)
        hand.click("button", "Replay 5 records")
        hand.click("[role=dialog] button", "Replay 5 records now")

        expect(page.get_by_label("Replay", exact=True)).to_have_attribute(
            "aria-valuenow", "5", timeout=PATIENCE_MS
        )
        assert hand.clicks <= CLICKS
        hand.click("nav a", "Incidents")
        page.get_by_role("button", name=re.compile("event_type")).first.click()
        healed = page.get_by_role("dialog").get_by_text("its last open record was reprocessed")
        expect(healed).to_be_visible(timeout=PATIENCE_MS)


def edit(page: Page, before: str, after: str) -> None:
    """Replace a text in the editor, as by hand."""
    editor = page.get_by_label("Edited record")
    expect(editor).to_contain_text(before, timeout=PATIENCE_MS)
    text = editor.evaluate(
        "e => [...e.querySelectorAll('.cm-line')].map(l => l.textContent).join('\\n')"
    )
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text.replace(before, after))


def test_an_incident_is_resolved_by_hand_with_a_reason(site: Site) -> None:
    found = site.get("/incidents?state=open")["items"]
    [fingerprint] = [each["fingerprint"] for each in found if each["code"] == "NOT_JSON"]

    with site.opened(f"/incidents/?fingerprint={fingerprint}") as page:
        hand = Hand(page)
        hand.click("[role=dialog] button", "Resolve")
        page.get_by_label("Reason").fill("the producer is switched off")
        hand.click("[role=dialog] button[type=submit]", "Resolve")

        expect(page.get_by_role("dialog").get_by_text("the producer is")).to_be_visible()
        expect(page.get_by_role("dialog").get_by_role("button", name="Reopen")).to_be_visible()

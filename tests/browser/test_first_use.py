"""What `make run` starts, in a browser: the way to a first repair, by visible labels alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.hand import Hand, edit, passed
from tests.browser.pages import PATIENCE_MS, Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CLICKS = 8
#: What the sample events of `dataquarantine dev` have as a broken event type.
BROKEN = '"no-such-member"'


def test_the_schemas_of_the_folder_are_shown_before_any_is_registered(dev_site: Site) -> None:
    with dev_site.opened("/schemas/", who=None) as page:
        expect(page.get_by_role("button", name=re.compile("^user_event file"))).to_be_visible()
        expect(page.get_by_label("Payload")).to_contain_text("user_id")
        page.get_by_role("button", name="Register a version").click()

        document = page.get_by_role("textbox", name="Schema document")
        expect(document).to_contain_text("user_event", timeout=PATIENCE_MS)


def test_a_record_is_repaired_and_replayed_in_eight_clicks(dev_site: Site) -> None:
    with dev_site.opened("/", who=None) as page:
        hand = Hand(page)

        hand.click("link", re.compile("enum mismatch at event_type"))
        hand.click("link", "Fix & replay", within="dialog")
        edit(hand, BROKEN, '"purchase"')
        expect(page.get_by_text("passes user_event")).to_be_visible(timeout=PATIENCE_MS)
        hand.click("button", "Derive a recipe")
        expect(page.get_by_label("Derived recipe")).to_be_visible(timeout=PATIENCE_MS)
        hand.click("button", "Dry run")
        hand.click("button", re.compile(r"^Replay [\d,]+ records?$"))
        hand.click("button", re.compile(r"^Replay [\d,]+ records? now$"), within="dialog")
        done = passed(page)

    assert hand.clicks <= CLICKS
    assert done == len(dev_site.get("/quarantine?status=reprocessed&limit=500")["items"]) > 0

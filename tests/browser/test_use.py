"""What people do with it, through visible labels."""

from __future__ import annotations

import re
from typing import Literal
from urllib.error import HTTPError

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import EVENT, as_bytes
from tests.browser.pages import PATIENCE_MS, Site, settled
from tests.integration.worker.stack import Stack, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

KINDS: tuple[Literal["button"], Literal["link"], Literal["checkbox"]] = (
    "button",
    "link",
    "checkbox",
)
#: Names of what changes something.
WRITING = re.compile(
    "Discard|Fix & replay|Resolve|Archive|Reopen|Reset|Register|Take into|Mark as|Dry run|"
    "Roll back|^To |Select|Run the backtest|Show unmasked|Make a token|Revoke|Replay them"
)


def test_a_token_opens_the_page_that_was_asked_for(site: Site) -> None:
    with site.opened("/sign-in/?next=/audit/", who=None) as page:
        page.get_by_label("Token").fill(site.tokens["viewer"])
        page.get_by_role("button", name="Sign in").click()

        expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
        expect(page.get_by_text("viewer").first).to_be_visible()


def test_filters_are_in_the_address_both_ways(site: Site) -> None:
    with site.opened("/quarantine/?code=WRONG_TYPE") as page:
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(8)
        page.get_by_label("Code").fill("")
        page.get_by_label("Error type").select_option("malformed payload")

        expect(rows).to_have_count(4)
        expect(page).to_have_url(re.compile(r"/quarantine/\?error_type=malformed_payload$"))


def test_keys_move_open_and_close(site: Site) -> None:
    with site.opened("/quarantine/?code=MISSING_FIELD&schema=user_event") as page:
        expect(page.locator("tbody tr")).to_have_count(12)
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Enter")

        expect(page.get_by_role("dialog")).to_contain_text("'user_id' is a required property")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Keyboard")
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.get_by_label("Search")).to_be_focused()


def test_a_violation_stands_at_its_place_and_numbers_are_exact(site: Site) -> None:
    with site.opened("/quarantine/?code=MISSING_FIELD") as page:
        page.get_by_role("button", name="'user_id' is a required property").first.click()

        payload = page.get_by_label("Payload", exact=True)
        expect(payload.locator("[data-violation]")).to_contain_text("is a required property")
        # odd, beyond what a double holds
        expect(payload).to_contain_text(re.compile(r"12345678901234\d\d[13579]"))


def test_a_viewer_sees_nothing_that_writes(site: Site) -> None:
    record = site.get("/quarantine?limit=1")["items"][0]["id"]
    incident = site.get("/incidents")["items"][0]["fingerprint"]

    with site.opened(who="viewer") as page:
        for path in (
            "/quarantine/?code=MISSING_FIELD",
            f"/quarantine/?id={record}",
            f"/incidents/?fingerprint={incident}",
            f"/replay/?incident={incident}",
            "/schemas/?name=user_event",
            "/topics/",
            "/tokens/",
        ):
            page.goto(site.url + path)
            settled(page)
            expect(page.get_by_role("link", name="API tokens")).to_have_count(0)
            for place in (page.locator("main"), page.get_by_role("dialog")):
                for kind in KINDS:
                    expect(place.get_by_role(kind, name=WRITING)).to_have_count(0)


def test_a_token_is_made_shown_once_and_revoked(site: Site) -> None:
    with site.opened("/tokens/", who="admin") as page:
        page.get_by_label("Name").fill("nightly-report")
        page.get_by_role("button", name="Make a token").click()
        site.tokens["nightly-report"] = page.get_by_test_id("token").inner_text()
        until(lambda: knows(site, "nightly-report"), 30, "the token opens the API")
        page.get_by_role("button", name="Done").click()
        page.get_by_role("button", name="Revoke nightly-report").click()
        page.get_by_role("dialog").get_by_label("Reason").fill("it leaked")
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()

        row = page.get_by_role("row").filter(has_text="nightly-report")
        expect(row).to_contain_text("revoked")
        expect(page.get_by_text(site.tokens["nightly-report"])).to_have_count(0)
    until(lambda: not knows(site, "nightly-report"), 30, "the token is refused")
    assert "it leaked" in [each["reason"] for each in site.get("/audit/log")["items"]]


def knows(site: Site, who: str) -> bool:
    try:
        return bool(site.get("/me", who)["actor"] == who)
    except HTTPError:
        return False


def test_live_figures_come_back_with_the_worker(site: Site, stack: Stack) -> None:
    port = stack.workers[0].port
    page_of = site.browser.new_context()
    page_of.add_init_script(f"localStorage.setItem('dq.token', '{site.tokens['viewer']}')")
    page = page_of.new_page()  # its console may say that the worker is away
    page.goto(site.url)
    live = page.get_by_test_id("live")
    expect(live).to_have_text("Live", timeout=PATIENCE_MS)

    assert stack.workers[0].stop() == 0
    expect(live).to_contain_text("Stale", timeout=PATIENCE_MS)
    stack.workers.clear()
    stack.start_worker(web={"port": port})

    nothing = page.get_by_text("This worker has judged nothing yet")
    expect(nothing).to_be_visible(timeout=PATIENCE_MS)
    expect(live).to_have_text("Live", timeout=PATIENCE_MS)
    stack.produce([as_bytes(EVENT)])
    expect(nothing).to_have_count(0, timeout=PATIENCE_MS)
    page_of.close()

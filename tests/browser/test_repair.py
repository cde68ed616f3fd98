"""From an incident, or a corrected schema, to records that pass: by visible labels alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import expect

from tests.browser.conftest import EVENT, as_bytes
from tests.browser.hand import Hand, edit, passed
from tests.browser.pages import PATIENCE_MS, Site
from tests.integration.worker.stack import Stack, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

STRICT: dict[str, Any] = {
    "name": "parcel",
    "version": "1.0.0",
    "type": "json_schema",
    "schema": {"type": "object", "required": ["id", "note"]},
}
LENIENT = STRICT | {"version": "1.1.0", "schema": {"type": "object", "required": ["id"]}}


def test_an_incident_is_repaired_by_example_replayed_and_resolved(site: Site, stack: Stack) -> None:
    with site.opened() as page:
        hand = Hand(page)
        stack.produce([as_bytes({**EVENT, "event_type": "Click"})] * 5)

        hand.click("link", re.compile("event_type"))  # it appears by itself
        hand.click("link", "Fix & replay", within="dialog")
        edit(hand, '"Click"', '"click"')
        expect(page.get_by_text("passes user_event")).to_be_visible(timeout=PATIENCE_MS)
        hand.click("button", "Derive a recipe")
        expect(page.get_by_label("Derived recipe")).to_be_visible(timeout=PATIENCE_MS)
        hand.click("button", "Dry run")
        expect(page.get_by_label("Samples")).to_be_visible(timeout=PATIENCE_MS)
        hand.click("button", "Replay 5 records")
        hand.click("button", "Replay 5 records now", within="dialog")

        expect(page.get_by_label("Replay", exact=True)).to_have_attribute(
            "aria-valuenow", "5", timeout=PATIENCE_MS
        )
        hand.click("link", re.compile("^Incidents"), within="navigation")
        page.get_by_role("button", name=re.compile("event_type")).first.click()
        healed = page.get_by_role("dialog").get_by_text("its last open record was reprocessed")
        expect(healed).to_be_visible(timeout=PATIENCE_MS)


def test_an_incident_is_resolved_by_hand_with_a_reason(site: Site) -> None:
    found = site.get("/incidents?state=open")["items"]
    [fingerprint] = [each["fingerprint"] for each in found if each["code"] == "NOT_JSON"]

    with site.opened(f"/incidents/?fingerprint={fingerprint}") as page:
        hand = Hand(page)
        hand.click("button", "Resolve", within="dialog")
        page.get_by_label("Reason").fill("the producer is switched off")
        hand.click("button", "Resolve", within="dialog")

        expect(page.get_by_role("dialog").get_by_text("the producer is")).to_be_visible()
        expect(page.get_by_role("dialog").get_by_role("button", name="Reopen")).to_be_visible()


def register(stack: Stack, folder: Path, document: dict[str, Any], state: str) -> None:
    path = folder / document["name"] / f"{document['version']}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(document))
    code, said = stack.dq("schema", "register", str(path), "--state", state, "--json")
    assert code == 0, said


def test_a_corrected_schema_leads_to_the_replay_of_what_it_heals(
    site: Site, stack: Stack, tmp_path: Path
) -> None:
    register(stack, tmp_path, STRICT, "enforced")
    stack.produce([as_bytes({"_schema": "parcel", "id": n}) for n in range(3)])
    until(lambda: len(site.get("/quarantine?schema=parcel")["items"]) == 3, 60, "its records")
    register(stack, tmp_path, LENIENT, "registered")

    with site.opened("/schemas/?name=parcel&version=1.1.0") as page:
        hand = Hand(page)
        hand.click("button", "To enforced")
        page.get_by_label("Reason").fill("a parcel needs no note")
        hand.click("button", "Move to enforced", within="dialog")
        healed = page.get_by_label("Open records")
        expect(healed).to_contain_text("3 of 3 open records would now pass", timeout=PATIENCE_MS)
        hand.click("link", "Replay them")
        hand.click("button", "Dry run")
        hand.click("button", "Replay 3 records")
        hand.click("button", "Replay 3 records now", within="dialog")

        assert passed(page) == 3

"""A hand that finds things by the labels it can see, and counts its clicks."""

from __future__ import annotations

import re
from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser.pages import PATIENCE_MS

EDITOR = "Edited record"


class Hand:
    """Clicks what it can read, and counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(
        self,
        role: Literal["button", "link", "textbox"],
        name: str | re.Pattern[str],
        *,
        within: Literal["main", "dialog", "navigation"] = "main",
    ) -> None:
        """Click what stands in front: the last of a name."""
        found = self.page.get_by_role(within).last.get_by_role(role, name=name).last
        expect(found).to_be_enabled(timeout=PATIENCE_MS)
        found.click()
        self.clicks += 1


def edit(hand: Hand, before: str, after: str) -> None:
    """Replace a text in the editor, as by hand: one click into it, then keys."""
    editor = hand.page.get_by_role("textbox", name=EDITOR)
    expect(editor).to_contain_text(before, timeout=PATIENCE_MS)
    text = editor.evaluate(
        "e => [...e.querySelectorAll('.cm-line')].map(l => l.textContent).join('\\n')"
    )
    hand.click("textbox", EDITOR)
    hand.page.keyboard.press("Control+A")
    hand.page.keyboard.insert_text(text.replace(before, after))


def passed(page: Page) -> int:
    """Wait for the end of a replay and read how many records passed."""
    replay = page.get_by_role("progressbar", name="Replay")
    total = replay.get_attribute("aria-valuemax")
    expect(replay).to_have_attribute("aria-valuenow", total or "", timeout=PATIENCE_MS)
    text = page.get_by_role("listitem").filter(has_text=re.compile(r"^passed")).inner_text()
    return int(re.sub(r"\D", "", text))

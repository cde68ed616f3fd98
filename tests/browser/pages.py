"""The dashboard in a browser, as somebody."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

AXE = Path(__file__).parents[2] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "preload": False,  # no style sheet comes from elsewhere
}
#: The machine of a test may be busy with other tests.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
THEMES = ("dark", "light")


class Site:
    """A worker's dashboard and the tokens that open it; none where everybody is let in."""

    def __init__(self, browser: Browser, port: int, tokens: dict[str, str]) -> None:
        self.browser = browser
        self.url = f"http://127.0.0.1:{port}"
        self.tokens = tokens

    def get(self, path: str, who: str = "admin") -> Any:
        """Ask the API, beside the browser."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}")
        if self.tokens:
            request.add_header("Authorization", f"Bearer {self.tokens[who]}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def incidents(self) -> set[str]:
        """Name the codes of all incidents."""
        return {each["code"] for each in self.get("/incidents?limit=100")["items"]}

    def has_figures(self) -> bool:
        return bool(self.get("/overview")["totals"]["invalid"])

    @contextmanager
    def opened(
        self,
        path: str = "/",
        *,
        who: str | None = "operator",
        theme: str = "dark",
    ) -> Iterator[Page]:
        """Open a page with a token at hand; ends with a complaint if its console said anything."""
        context = self.browser.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE_MS)
        keep = {"dq.theme": theme} | ({"dq.token": self.tokens[who]} if who else {})
        for name, value in keep.items():
            context.add_init_script(
                f"localStorage.getItem({json.dumps(name)}) ?? "
                f"localStorage.setItem({json.dumps(name)}, {json.dumps(value)})"
            )
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.extend(_complaint(message)))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(self.url + path)
        try:
            yield page
            assert not said, f"the console says: {said}"
        finally:
            context.close()


def _complaint(message: ConsoleMessage) -> list[str]:
    return [message.text] if message.type in ("error", "warning") else []


def settled(page: Page) -> None:
    """Wait until nothing on the page is being loaded."""
    expect(page.locator("h1, [role=dialog] h2").first).to_be_visible(timeout=PATIENCE_MS)
    loading = page.locator("[role=status][aria-label^=Loading]")
    expect(loading).to_have_count(0, timeout=PATIENCE_MS)


def accessibility(page: Page) -> list[str]:
    """Name what axe finds serious or critical."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(f"axe.run(document, {json.dumps(AXE_OPTIONS)})")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]

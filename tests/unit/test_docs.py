"""Pages that a reader can trust: links lead somewhere, every command and setting is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.reference import pages

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_to_a_file(page: Path) -> None:
    targets = _LINK.findall(page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = REPOSITORY / "docs" / "index.md"
    listed = {
        (index.parent / target).resolve() for target in _LINK.findall(index.read_text("utf-8"))
    }

    assert [
        str(page)
        for page in PAGES
        if page.parent != REPOSITORY and page != index and page not in listed
    ] == []


@pytest.mark.parametrize("page", sorted(pages()), ids=lambda page: page.name)
def test_reference_pages_say_what_the_code_says(page: Path) -> None:
    assert page.read_text("utf-8") == pages()[page], "run `make docs`"

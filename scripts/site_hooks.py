"""What mkdocs does not do by itself for `make site`."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)([^)]*)\)")

#: Sections in their order; a folder stands for all of its pages, so that none can be forgotten.
SECTIONS = {
    "Get started": ["get-started.md", "questions.md", "tour.md"],
    "What your consumer sees": ["concepts/consumer-view.md"],
    "How to": ["howto"],
    "Concepts": ["concepts"],
    "Operations": ["operations"],
    "Reference": ["reference"],
    "Security": ["concepts/security.md", "howto/kafka-security.md", "howto/mask-pii.md"],
    "Performance": ["performance.md"],
    "Glossary": ["glossary.md"],
    "Beside other tools": ["comparison.md"],
}


def on_config(config: Any) -> Any:
    """Make the navigation from the folders."""
    docs = Path(config["docs_dir"])
    listed: set[str] = set()
    nav: list[Any] = [{"Start": "index.md"}]
    for title, places in SECTIONS.items():
        pages = [page for place in places for page in _pages(docs, place) if page not in listed]
        listed |= set(pages)
        if pages:
            nav.append({title: pages if len(pages) > 1 else pages[0]})
    config["nav"] = nav
    return config


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Show links that lead out of `docs/`, into the code, as plain names."""
    folder = posixpath.dirname(page.file.src_uri)

    def plain(match: re.Match[str]) -> str:
        leads_out = posixpath.normpath(posixpath.join(folder, match[2])).startswith("..")
        return match[1] if leads_out else match[0]

    return _LINK.sub(plain, markdown)


def _pages(docs: Path, place: str) -> list[str]:
    if (docs / place).is_dir():
        found = sorted((docs / place).glob("*.md"), key=lambda page: (page.stem != "index", page))
        return [page.relative_to(docs).as_posix() for page in found]
    return [place] if (docs / place).exists() else []

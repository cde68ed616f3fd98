"""The dashboard's files: a static export, read once and served from memory."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dataquarantine

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/x-component; charset=utf-8",  # what the client's router fetches beside each page
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
PLAIN = "text/plain; charset=utf-8"
#: Worth packing; the rest is packed already.
TEXT = frozenset({".html", ".js", ".css", ".txt", ".json", ".svg"})
#: Names under this folder carry a hash of their content.
IMMUTABLE = "_next/static/"
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
NOT_BUILT = b"The dashboard is not built; run `make dashboard` and start the worker again.\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out for one request."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes | None
    headers: Mapping[str, str]


def built_dashboard() -> Path | None:
    """Find the export: in the installed package, else beside the source; None when not built."""
    package = Path(dataquarantine.__file__).parent
    for place in (package / "dashboard" / "out", package.parent / "dashboard" / "out"):
        if (place / "index.html").is_file():
            return place
    return None


class StaticSite:
    """Answers from the files that lay in a folder when it was loaded, and from no other.

    A path is only ever a key of this table, so it can't leave the folder.
    """

    def __init__(self, files: Mapping[str, _File]) -> None:
        self._files = files

    @classmethod
    def load(cls, folder: Path | None) -> StaticSite:
        """Read and pack every file (about 3 MB, 0.2 s: not for the loop)."""
        if folder is None:
            return cls({})
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return cls({path.relative_to(folder).as_posix(): _read(folder, path) for path in paths})

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Answer a GET: `path` without the leading slash, decoded; headers of the request."""
        name = path + "index.html" if path == "" or path.endswith("/") else path
        found = self._files.get(name)
        if found is not None:
            return _answer(200, found, headers)
        if f"{path}/index.html" in self._files:
            return _plain(308, b"", {"Location": f"/{path}/"})
        missing = self._files.get("404.html")
        return _plain(404, NOT_BUILT, {}) if missing is None else _answer(404, missing, headers)


class Dashboard:
    """The dashboard that was built, read when somebody first asks for it."""

    def __init__(self) -> None:
        self._loading: asyncio.Task[StaticSite] | None = None

    async def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Answer as `StaticSite.answer` does."""
        if self._loading is None:
            loading = asyncio.to_thread(StaticSite.load, built_dashboard())
            self._loading = asyncio.create_task(loading)
        return (await asyncio.shield(self._loading)).answer(path, headers)


def _read(folder: Path, path: Path) -> _File:
    body = path.read_bytes()
    name = path.relative_to(folder).as_posix()
    immutable = name.startswith(IMMUTABLE)
    headers = {
        **SECURITY,
        "Content-Type": CONTENT_TYPES.get(path.suffix, "application/octet-stream"),
        "Cache-Control": "public, max-age=31536000, immutable" if immutable else "no-cache",
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Vary": "Accept-Encoding",
    }
    if path.suffix == ".html":
        headers["Content-Security-Policy"] = content_policy(body)
    return _File(
        body,
        gzip.compress(body, mtime=0) if path.suffix in TEXT else None,
        headers,
    )


def content_policy(page: bytes) -> str:
    """Allow a page its own files and exactly the inline scripts that stand in it."""
    hashes = {
        base64.b64encode(hashlib.sha256(script).digest()).decode()
        for script in _INLINE_SCRIPT.findall(page)
    }
    scripts = " ".join(["'self'", *(f"'sha256-{each}'" for each in sorted(hashes))])
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",  # widths and colours of charts are style attributes
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _answer(status: int, file: _File, asked: Mapping[str, str]) -> Answer:
    if status == 200 and file.headers["ETag"] in asked.get("If-None-Match", ""):
        return Answer(304, b"", file.headers)
    if file.packed is not None and "gzip" in asked.get("Accept-Encoding", ""):
        packed = {**file.headers, "Content-Encoding": "gzip"}
        return Answer(status, file.packed, packed)
    return Answer(status, file.body, file.headers)


def _plain(status: int, body: bytes, headers: Mapping[str, str]) -> Answer:
    return Answer(status, body, {**SECURITY, "Content-Type": PLAIN, **headers})

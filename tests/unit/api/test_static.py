"""The dashboard's files over HTTP: nothing but them, each with the right headers."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dataquarantine.api.static import StaticSite, content_policy

PAGE = b"<html><script>go()</script><script src='/_next/static/a.js'></script></html>"


@pytest.fixture
def site(tmp_path: Path) -> StaticSite:
    root = tmp_path / "out"
    (root / "_next" / "static").mkdir(parents=True)
    (root / "quarantine").mkdir()
    (tmp_path / "secret.txt").write_text("no")
    (root / "index.html").write_bytes(PAGE)
    (root / "404.html").write_bytes(b"<html>none</html>")
    (root / "quarantine" / "index.html").write_bytes(b"<html>q</html>")
    (root / "quarantine" / "index.txt").write_bytes(b"route")
    (root / "_next" / "static" / "a.js").write_bytes(b"go()")
    return StaticSite.load(root)


@pytest.mark.parametrize(
    ("path", "status", "content_type", "cache"),
    [
        ("", 200, "text/html; charset=utf-8", "no-cache"),
        ("quarantine/", 200, "text/html; charset=utf-8", "no-cache"),
        ("quarantine/index.txt", 200, "text/x-component; charset=utf-8", "no-cache"),
        (
            "_next/static/a.js",
            200,
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("nowhere", 404, "text/html; charset=utf-8", "no-cache"),
    ],
)
def test_files_go_out_with_their_type_and_age(
    site: StaticSite, path: str, status: int, content_type: str, cache: str
) -> None:
    answer = site.answer(path, {})

    assert (answer.status, answer.headers["Content-Type"]) == (status, content_type)
    assert answer.headers["Cache-Control"] == cache
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["../secret.txt", "..%2fsecret.txt", "/etc/passwd", "quarantine/../../secret.txt", "\0"]
)
def test_no_path_leaves_the_folder(site: StaticSite, path: str) -> None:
    answer = site.answer(path, {})

    assert (answer.status, answer.body) == (404, b"<html>none</html>")


def test_a_page_without_its_slash_is_redirected(site: StaticSite) -> None:
    answer = site.answer("quarantine", {})

    assert (answer.status, answer.headers["Location"]) == (308, "/quarantine/")


def test_text_is_packed_for_who_understands_it(site: StaticSite) -> None:
    answer = site.answer("", {"Accept-Encoding": "br, gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == PAGE


def test_a_known_file_is_not_sent_again(site: StaticSite) -> None:
    etag = site.answer("", {}).headers["ETag"]

    assert site.answer("", {"If-None-Match": etag}).status == 304


def test_the_policy_names_each_inline_script_and_nothing_inline_else() -> None:
    scripts = content_policy(PAGE).split("; ")[1]

    # printf 'go()' | openssl dgst -sha256 -binary | base64
    assert scripts == "script-src 'self' 'sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw='"


def test_a_missing_build_says_how_to_make_it() -> None:
    answer = StaticSite.load(None).answer("", {})

    assert answer.status == 404
    assert b"make dashboard" in answer.body

"""Tokens in a real database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from dataquarantine.store import audit_log
from dataquarantine.store.postgres import Database
from dataquarantine.store.tokens import TokenBook, TokenExists, UnknownToken, hash_of

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def book(database: Database) -> TokenBook:
    return TokenBook(database)


def test_only_the_hash_is_kept(book: TokenBook, database: Database) -> None:
    token = book.create("ci", "viewer", by="ann", at=NOW)

    rows = database.transact(lambda c: c.execute(text("SELECT * FROM api_tokens")).all())
    log = database.transact(lambda c: c.execute(text("SELECT * FROM audit_log")).all())
    assert len(token) == len("dq_") + 43
    assert token not in repr(rows) + repr(log)
    assert [(known.name, known.hash, known.role) for known in book.known()[0]] == [
        ("ci", hash_of(token), "viewer")
    ]


def test_a_revoked_token_is_not_known_but_its_name_stays_taken(book: TokenBook) -> None:
    book.create("ci", "viewer", by="ann", at=NOW)

    book.revoke("ci", by="ann", at=NOW, why="leaked")

    assert book.known() == ([], True)
    with pytest.raises(TokenExists, match="taken"):
        book.create("ci", "viewer", by="ann", at=NOW)
    with pytest.raises(UnknownToken):
        book.revoke("ci", by="ann", at=NOW)


def test_every_change_says_who_what_and_why(book: TokenBook, database: Database) -> None:
    book.create("ci", "viewer", by="ann", at=NOW, why="builds")
    book.revoke("ci", by="bob", at=NOW, why="leaked")

    found = audit_log.page(database, subject="token/ci").items
    assert [(each["actor"], each["action"], each["reason"]) for each in found] == [
        ("bob", "revoke_token", "leaked"),
        ("ann", "create_token", "builds"),
    ]
    assert found[0]["details"] == {"before": {"role": "viewer"}, "after": None}


def test_a_first_token_is_made_once(book: TokenBook) -> None:
    book.create_first("bootstrap", "admin", by="setup", at=NOW)

    with pytest.raises(TokenExists, match="already"):
        book.create_first("other", "admin", by="setup", at=NOW)


@pytest.mark.parametrize("name", ["", "a b", "a\n", "../x", "x" * 65, "-a"])
def test_a_name_is_plain(book: TokenBook, name: str) -> None:
    with pytest.raises(TokenExists):
        book.create(name, "viewer", by="ann", at=NOW)


def test_a_database_that_is_not_migrated_has_no_token(empty_database_url: str) -> None:
    database = Database(empty_database_url, pool_size=1)

    assert TokenBook(database).known() == ([], False)
    database.close()


def test_the_log_is_paged_and_filtered(book: TokenBook, database: Database) -> None:
    for number in range(5):
        book.create(f"t{number}", "viewer", by="ann" if number % 2 else "bob", at=NOW)

    first = audit_log.page(database, actor="bob", limit=2)
    rest = audit_log.page(database, actor="bob", limit=2, cursor=first.next)

    shown = [each["subject"] for each in [*first.items, *rest.items]]
    assert shown == ["token/t4", "token/t2", "token/t0"]
    assert rest.next is None

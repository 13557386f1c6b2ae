"""Reads of the on-screen mailbox."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db
from portal.lists import Cursor, Keyset, Slice

NEWEST = Keyset(("id", int))
PAGE = 50


class LetterRow(msgspec.Struct, frozen=True):
    """A line of the list."""

    id: int
    received_at: datetime
    mail_from: str
    rcpt_to: list[str]
    subject: str


class Received(LetterRow, frozen=True):
    """A letter with its bytes."""

    message_id: str
    raw: bytes


LIST = "id, received_at, mail_from, rcpt_to, subject"

# Newest first. A demonstration holds thousands of letters, not millions: the search reads them all.
SEARCH = f"""
select {LIST} from mailbox_letter
where ($1 = '' or strpos(folded(subject || ' ' || array_to_string(rcpt_to, ' ') || ' ' || mail_from), folded($1)) > 0)
"""


async def search(words: str, cursor: Cursor | None, limit: int = PAGE) -> Slice[LetterRow]:
    """Letters whose subject or addresses hold the words, newest first."""
    page = f"and {NEWEST.condition(cursor, first=2)} order by {NEWEST.order(cursor)} limit {limit + 1}"
    rows = await db.fetch_as(LetterRow, SEARCH + page, words.strip(), *NEWEST.parameters(cursor))
    return NEWEST.slice(rows, cursor, limit, key=lambda row: (row.id,))


async def any_letter() -> bool:
    """Whether anything has arrived yet."""
    return bool(await db.fetchval("select exists (select from mailbox_letter)"))


async def letter(letter_id: int) -> Received | None:
    """One letter."""
    return await db.one_as(Received, f"select {LIST}, message_id, raw from mailbox_letter where id = $1", letter_id)


async def id_of(message_id: str) -> int | None:
    """The newest letter with this Message-ID (without angle brackets)."""
    sql = "select id from mailbox_letter where message_id = $1 order by id desc limit 1"
    found = await db.fetchval(sql, message_id.strip("<> "))
    return None if found is None else int(found)

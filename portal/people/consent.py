"""What people agreed to or took back: the words they read, where and when. Only ever added to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from portal import db
from portal.i18n import current_locale

What = Literal["optional_mail", "topic", "tracking"]
SHOWN = 200  # records of one person

RECORD = """
insert into consent (person_id, what, topic_id, given, wording, locale, source) values ($1, $2, $3, $4, $5, $6, $7)"""

OF_PERSON = """
select c.id, c.what, c.given, c.wording, c.locale, c.source, c.at, t.name as topic
from consent c left join topic t on t.id = c.topic_id
where c.person_id = $1 order by c.id desc limit $2"""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One record. `wording` in the language `locale`; `topic`: the kind's name by language, None when it is gone."""

    id: int
    what: What
    given: bool
    wording: str
    locale: str
    source: str
    at: datetime
    topic: dict[str, Any] | None


async def record(
    person_id: int, what: What, given: bool, wording: str, source: str, *, topic_id: int | None = None
) -> None:
    """Add a record, in the caller's transaction. `wording`: as the reader of this request has it before her."""
    await db.execute(RECORD, person_id, what, topic_id, given, wording, current_locale.get(), source)


async def of_person(person_id: int, most: int | None = SHOWN) -> list[Consent]:
    """Her records, newest first (`most` None: all); the caller has found her through the actor."""
    return await db.fetch_as(Consent, OF_PERSON, person_id, most)

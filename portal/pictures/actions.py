"""Pictures are added; none ever changes, since letters that have left show it."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets

from portal import db, timeline
from portal.actor import Actor
from portal.documents import bare_name
from portal.outcomes import Refused
from portal.pictures import queries, words
from portal.pictures.encoding import Unfit, encode
from portal.pictures.queries import Picture

LONGEST_NAME = 120

# The same picture sent twice is one picture.
ADD = """
insert into picture (key, name, media_type, width, height, content, sha256, created_by)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (sha256) do nothing returning id"""


async def add(name: str, data: bytes, by: Actor, field: str = "picture") -> Picture:
    """Keep a picture, written anew. Raises Refused about `field`."""
    try:
        made = await asyncio.to_thread(encode, data)
    except Unfit as unfit:
        raise Refused(words.unfit_word(unfit.code), field=field) from None
    digest = hashlib.sha256(made.content).digest()
    async with db.transaction():
        row = (tidy(name), made.media_type, made.width, made.height, made.content, digest, by.account_id)
        picture_id = await db.fetchval(ADD, secrets.token_hex(16), *row)
        if picture_id is None:
            picture_id = await db.fetchval("select id from picture where sha256 = $1", digest)
        else:
            await timeline.record("picture", picture_id, "picture.added", by, title=tidy(name))
    found = await queries.one(picture_id)
    assert found
    return found


def tidy(name: str) -> str:
    """A file's name as a picture's: no folders, no ending, no control or direction characters."""
    stem = " ".join(re.sub(r"\.(?:png|jpe?g|gif|webp)$", "", bare_name(name), flags=re.IGNORECASE).split())
    return stem[:LONGEST_NAME] or "picture"

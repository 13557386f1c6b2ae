"""Documents that go with a template's letters. Each change is a version: letters planned before keep what they had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from portal import db, documents
from portal.actor import Actor
from portal.emails import actions, queries
from portal.emails.queries import Version
from portal.formats import file_size, number
from portal.i18n import _
from portal.outcomes import Missing, Refused

MOST = 5
LARGEST = 5_000_000  # octets of one document
LARGEST_SUM = 8_000_000  # of all: with base64 it stays below what mail servers take (10 MB)
ACCEPT = documents.accept()

ADD = "insert into attachment (name, media_type, content) values ($1, $2, $3) returning id"
# A document of any version of the template, for whoever sees the template.
ONE = """
select f.name, f.media_type, f.content from attachment f where f.id = $2 and exists (
    select from template_attachment x join template_version v on v.id = x.version_id
    where x.attachment_id = f.id and v.template_id = $1)"""


class Content(msgspec.Struct, frozen=True):
    """A document with its octets."""

    name: str
    media_type: str
    content: bytes


async def attach(template_id: int, name: str, data: bytes, seen: int, by: Actor) -> Version:
    """Add a document to a template: a new version. Raises Missing, Refused about `file`, Stale."""
    try:
        media_type = await asyncio.to_thread(documents.judge, data, (), LARGEST)
    except documents.Unfit as unfit:
        raise Refused(_unfit_word(unfit.code), field="file") from None
    async with db.transaction():
        now = await queries.current(template_id)
        _check_room(now, len(data))
        name = documents.clean_name(name, media_type)
        attachment_id = int(await db.fetchval(ADD, name, media_type, data))
        kept = [each.id for each in now.attachments]
        # NOTE: what was changed in a version of a template. {name}: of a document
        return await _save(now, [*kept, attachment_id], _("Attached: {name}").format(name=name), seen, by)


async def detach(template_id: int, attachment_id: int, seen: int, by: Actor) -> Version:
    """Take a document away: a new version. Raises Missing, Refused, Stale."""
    async with db.transaction():
        now = await queries.current(template_id)
        gone = next((each for each in now.attachments if each.id == attachment_id), None)
        if gone is None:
            raise Missing
        kept = [each.id for each in now.attachments if each.id != attachment_id]
        # NOTE: what was changed in a version of a template. {name}: of a document
        return await _save(now, kept, _("No longer attached: {name}").format(name=gone.name), seen, by)


async def content(template_id: int, attachment_id: int) -> Content:
    """A document of a template that the caller has found. Raises Missing."""
    found = await db.one_as(Content, ONE, template_id, attachment_id)
    if found is None:
        raise Missing
    return found


async def _save(now: Version, attachments: list[int], note: str, seen: int, by: Actor) -> Version:
    draft = msgspec.structs.replace(actions.draft_of(now), attachments=tuple(attachments), note=note)
    return await actions.save(now.template_id, draft, seen, by)


def _check_room(now: Version, size: int) -> None:
    if len(now.attachments) >= MOST:
        raise Refused(_("At most {n} documents go with a letter.").format(n=number(MOST)), field="file")
    if sum(each.size for each in now.attachments) + size > LARGEST_SUM:
        words = _("All documents of a letter together: at most {size}.")
        raise Refused(words.format(size=file_size(LARGEST_SUM)), field="file")


def _unfit_word(code: str) -> str:
    words: dict[str, Callable[[], str]] = {
        "empty": lambda: _("The file is empty. Choose another."),
        "too_big": lambda: _("The file is too big: at most {size}.").format(size=file_size(LARGEST)),
        "wrong_type": lambda: _(
            "This file cannot go with letters. Choose a PDF, a Word or OpenDocument file, an Excel sheet or a picture."
        ),
    }
    return words[code]()

"""The versions of a template: what each changed, as people read it. Reads only."""

from __future__ import annotations

from datetime import datetime

import msgspec

from portal import db
from portal.emails import diffs, queries
from portal.emails.diffs import Line
from portal.emails.queries import Version
from portal.i18n import LOCALES
from portal.outcomes import Missing
from portal.timeline import COLUMNS, Event

PARTS = ("subject", "preheader")
SHOWN = 200  # versions of a list
HISTORY = f"""
select {COLUMNS} from timeline_event where subject = 'template' and subject_id = $1 order by id desc limit 50"""

# Each version with the languages whose texts differ from the one before, and whether its attachments do.
VERSIONS = """
with v as (
    select *, lag(id) over (order by number) as before from template_version
    where template_id = $1 and number is not null)
select v.number, v.saved_at, coalesce(a.name, '') as saved_by, v.note, v.restored, v.id = t.version_id as in_force,
       array(select locale from
                 (select locale, subject, preheader, body from template_variant where version_id = v.id) x
             full join (select locale, subject, preheader, body from template_variant where version_id = v.before) y
                 using (locale, subject, preheader, body)
             where x.subject is null or y.subject is null group by locale order by locale) as changed,
       array(select attachment_id from template_attachment where version_id = v.id order by 1) is distinct from
       array(select attachment_id from template_attachment where version_id = v.before order by 1) as other_files
from v join template t on t.id = v.template_id left join account a on a.id = v.saved_by
order by v.number desc limit $2"""


class VersionRow(msgspec.Struct, frozen=True):
    """One line of the list. `changed`: locales whose texts differ from the version before; `saved_at` is aware."""

    number: int
    saved_at: datetime
    saved_by: str
    note: str
    restored: int | None
    in_force: bool
    changed: list[str]
    other_files: bool


class LanguageDiff(msgspec.Struct, frozen=True):
    """What one language says differently. Lines of subject, preview text and letter; empty lists where nothing is."""

    locale: str
    subject: list[Line]
    preheader: list[Line]
    body: list[Line]


class Difference(msgspec.Struct, frozen=True):
    """Two versions of a template beside each other; `names`: their attachments as (gone, new)."""

    old: Version
    new: Version
    languages: list[LanguageDiff]
    gone: list[str]
    added: list[str]

    @property
    def same(self) -> bool:
        """Whether people get the same letters."""
        return not (self.languages or self.gone or self.added or self.settings)

    @property
    def settings(self) -> list[str]:
        """Which of sender, reply address and language to fall back to differ."""
        return [name for name in ("sender_id", "reply_to", "fallback_locale") if self.differs(name)]

    def differs(self, name: str) -> bool:
        """Whether a setting differs."""
        return bool(getattr(self.old, name) != getattr(self.new, name))


async def versions(template_id: int) -> list[VersionRow]:
    """The latest versions, newest first."""
    return await db.fetch_as(VersionRow, VERSIONS, template_id, SHOWN)


async def history(template_id: int) -> list[Event]:
    """What was done with a template, the latest first."""
    return await db.fetch_as(Event, HISTORY, template_id)


async def numbered(template_id: int, number: int) -> Version:
    """A version by its number. Raises Missing."""
    sql = "select id from template_version where template_id = $1 and number = $2"
    version_id = await db.fetchval(sql, template_id, number)
    if version_id is None:
        raise Missing
    return await queries.version(version_id)


def compare(old: Version, new: Version) -> Difference:
    """What is different in `new`, language by language."""
    there = {each.id: each.name for each in old.attachments}
    here = {each.id: each.name for each in new.attachments}
    return Difference(
        old,
        new,
        [found for locale in LOCALES if (found := _language(old, new, locale))],
        [name for number, name in there.items() if number not in here],
        [name for number, name in here.items() if number not in there],
    )


def _language(old: Version, new: Version, locale: str) -> LanguageDiff | None:
    before, after = old.variants.get(locale), new.variants.get(locale)
    if before == after:
        return None
    subject, preheader = (diffs.of_lines(getattr(before, part, ""), getattr(after, part, "")) for part in PARTS)
    body = diffs.of_bodies(before.body if before else "", after.body if after else "")
    return LanguageDiff(locale, subject, preheader, body)

"""What is done to a person's record: made by hand, changed. What she wishes to get is in `wishes`."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.addresses import valid_email
from portal.formats import number
from portal.i18n import LOCALES, _, ngettext
from portal.outcomes import Refused, Stale
from portal.people import companies, queries, wishes

LONGEST_NAME = 100
LONGEST_PHONE = 50
MOST_TAGS, LONGEST_TAG = 30, 50

INSERT = """
insert into person (kind, email, first_name, last_name, locale, company_id, owner_id, phone, tags)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id"""

UPDATE = """
update person set email = $3, first_name = $4, last_name = $5, locale = $6, company_id = $7, owner_id = $8,
    phone = $9, tags = $10, changed_at = now(), version = version + 1
where id = $1 and version = $2"""


class PersonDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A person as somebody wants her. `email` None or "": she cannot be written to.

    `company`: by its name; one that is not there yet is made. `owner_id`: the colleague who looks after her.
    """

    kind: str = "candidate"
    email: str | None = None
    first_name: str = ""
    last_name: str = ""
    locale: str = "en"
    company: str = ""
    owner_id: int | None = None
    phone: str = ""
    tags: tuple[str, ...] = ()


class Taken(Refused):
    """Somebody has this address already. `person`: who, if the actor may see her."""

    def __init__(self, person: queries.Person | None) -> None:
        super().__init__(_taken_words(person), field="email")
        self.person = person


def _taken_words(person: queries.Person | None) -> str:
    if person is None or person.name == person.email:
        return _("Somebody has this address already.")
    # NOTE: beside the field for an e-mail address. {name}: e.g. Ana Nowak
    return _("This address belongs to “{name}” already.").format(name=person.name)


# ------------------------------------------------------------------------------------------------ the record
async def create(by: Actor, draft: PersonDraft) -> int:
    """A new person. Returns her id. Raises Refused with the fields to mend, Taken when the address has an owner."""
    draft = _tidy(draft)
    _refuse(draft)
    await _refuse_owner(draft)
    await _refuse_taken(by, draft)
    try:
        async with db.transaction():
            row = (draft.kind, draft.email, draft.first_name, draft.last_name, draft.locale)
            person_id = int(await db.fetchval(INSERT, *row, *await _beside(by, draft)))
            await _record(person_id, "person.created", by, kind=draft.kind)
    except asyncpg.UniqueViolationError:
        raise Taken(await queries.by_address(by, draft.email or "")) from None
    return person_id


async def change(by: Actor, person_id: int, version: int, draft: PersonDraft) -> None:
    """Change name, address and language; the kind stays. Her wishes follow to a new address.

    Raises Missing, Refused, Taken, or Stale with the person as she is now.
    """
    before = await queries.one(by, person_id)
    draft = msgspec.structs.replace(_tidy(draft), kind=before.kind)
    _refuse(draft)
    if draft.owner_id != before.owner_id:
        await _refuse_owner(draft)
    await _refuse_taken(by, draft, person_id)
    try:
        async with db.transaction():
            row = (draft.email, draft.first_name, draft.last_name, draft.locale, *await _beside(by, draft))
            if not await db.execute(UPDATE, person_id, version, *row):
                await _stale(by, person_id)
            if changes := _changes(before, draft):
                await _record(person_id, "person.changed", by, changes=changes)
            if before.email and draft.email:
                await wishes.carry(before.email, draft.email, by)
    except asyncpg.UniqueViolationError:
        raise Taken(await queries.by_address(by, draft.email or "")) from None


# ------------------------------------------------------------------------------------------------ shared
def _tidy(draft: PersonDraft) -> PersonDraft:
    first, last = (" ".join(name.split()) for name in (draft.first_name, draft.last_name))
    company, phone = (" ".join(text.split()) for text in (draft.company, draft.phone))
    tags = tuple(dict.fromkeys(tag for each in draft.tags if (tag := " ".join(each.split()).lower())))
    plain = {"first_name": first, "last_name": last, "company": company, "phone": phone, "tags": tags}
    return msgspec.structs.replace(draft, email=(draft.email or "").strip() or None, **plain)


async def _beside(by: Actor, draft: PersonDraft) -> tuple[int | None, int | None, str, list[str]]:
    """Company, owner, telephone and tags as they are stored."""
    return await companies.named(by, draft.company), draft.owner_id, draft.phone, list(draft.tags)


def _refuse(draft: PersonDraft) -> None:
    errors: dict[str, str] = {}
    if draft.kind not in ("candidate", "contact"):
        errors["kind"] = _("Choose one of the options.")
    if draft.email and not valid_email(draft.email):
        errors["email"] = _("Enter an address such as name@example.org.")
    if not (draft.email or draft.first_name or draft.last_name):
        errors["email"] = _("Enter a name or an e-mail address.")
    for field, name in (("first_name", draft.first_name), ("last_name", draft.last_name)):
        if len(name) > LONGEST_NAME:
            errors[field] = _too_long()
    if len(draft.phone) > LONGEST_PHONE:
        errors["phone"] = _("Shorten this text.")
    if len(draft.company) > companies.LONGEST["name"]:
        errors["company"] = _("Shorten this text.")
    if len(draft.tags) > MOST_TAGS or any(len(each) > LONGEST_TAG for each in draft.tags):
        errors["tags"] = _("Use at most 30 tags of 50 characters each.")
    if draft.locale not in LOCALES:
        errors["locale"] = _("Choose one of the options.")
    if errors:
        raise Refused(errors=errors)


def _too_long() -> str:
    text = ngettext("Use at most {n} character.", "Use at most {n} characters.", LONGEST_NAME)
    return text.format(n=number(LONGEST_NAME))


async def _refuse_owner(draft: PersonDraft) -> None:
    sql = "select exists (select from account where id = $1 and active)"
    if draft.owner_id is not None and not await db.fetchval(sql, draft.owner_id):
        raise Refused(_("Choose one of the options."), field="owner_id")


async def _refuse_taken(by: Actor, draft: PersonDraft, own_id: int = 0) -> None:
    owner = await db.fetchval("select id from person where email = $1 and id <> $2", draft.email, own_id)
    if owner is not None:
        raise Taken(await queries.by_address(by, draft.email or ""))


def _changes(before: queries.Person, draft: PersonDraft) -> dict[str, Any]:
    """field -> [before, after]."""
    fields = ("email", "first_name", "last_name", "locale", "company", "owner_id", "phone", "tags")
    pairs = {name: [_plain(getattr(before, name)), _plain(getattr(draft, name))] for name in fields}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


async def _stale(by: Actor, person_id: int) -> None:
    last = await queries.last_change(person_id)
    theirs = await queries.one(by, person_id)
    raise Stale(theirs, by=last.by if last else "", at=last.at if last else None)


async def _record(person_id: int, what: str, by: Actor, **details: Any) -> None:
    await timeline.record("person", person_id, what, by, person_id=person_id, **details)

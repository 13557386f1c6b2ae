"""Where a template stands in the library: whose it is, who may use it, its labels; the archive."""

from __future__ import annotations

from typing import Any

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.emails import library
from portal.emails.actions import check_editable
from portal.i18n import _
from portal.outcomes import Missing, Refused

MOST_LABELS, LONGEST_LABEL, LONGEST_NOTE = 10, 40, 500

IN_USE = """
select exists (select from trigger where template_id = $1 and active)
    or exists (select from autoresponder where template_id = $1 and active)"""

DESCRIBE = "update template set note = $2, labels = $3, shared = $4, owner_id = $5 where id = $1"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How a template stands in the library. `note`: what it is for; `owner_id` None: nobody's."""

    note: str = ""
    labels: tuple[str, ...] = ()
    shared: bool = True
    owner_id: int | None = None


async def describe(template_id: int, place: Place, by: Actor) -> None:
    """Change its note, labels, owner and sharing. Raises Missing, and Refused with what has to be mended."""
    labels = tidy_labels(place.labels)
    errors = _errors(place, labels)
    if errors:
        raise Refused(errors=errors)
    async with db.transaction():
        row = await library.one(by, template_id)
        await check_editable(template_id, by)
        before = Place(note=row.note, labels=tuple(row.labels), shared=row.shared, owner_id=row.owner_id)
        wanted = msgspec.structs.replace(place, labels=labels)
        if wanted == before:
            return
        moved = (wanted.shared, wanted.owner_id) != (before.shared, before.owner_id)
        if moved and not by.everywhere and before.owner_id not in (None, by.account_id):
            raise Refused(_("Only the owner can change whose template it is, and who sees it."), field="owner_id")
        await db.execute(DESCRIBE, template_id, wanted.note, list(labels), wanted.shared, wanted.owner_id)
        details: dict[str, Any] = {"before": msgspec.to_builtins(before), "after": msgspec.to_builtins(wanted)}
        await timeline.record("template", template_id, "template.described", by, **details)


def tidy_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels without blanks and repetitions (capitals do not make another label), by name."""
    words = (" ".join(label.split()) for label in labels)
    return tuple(sorted({word.casefold(): word for word in words if word}.values(), key=str.casefold))


def _errors(place: Place, labels: tuple[str, ...]) -> dict[str, str]:
    errors = {}
    if len(labels) > MOST_LABELS or any(len(label) > LONGEST_LABEL for label in labels):
        words = _("Use at most {n} labels of {length} characters each.")
        errors["labels"] = words.format(n=MOST_LABELS, length=LONGEST_LABEL)
    if not place.shared and place.owner_id is None:
        errors["owner_id"] = _("Choose whose it is, or share it.")
    return errors


async def archive(template_id: int, by: Actor) -> None:
    """Put a template away: it cannot be chosen any more. Refused while an active automatic e-mail uses it."""
    async with db.transaction():
        await check_editable(template_id, by)
        if await db.fetchval(IN_USE, template_id):
            raise Refused(
                _("Automatic e-mails still use this template. Turn them off first, or choose another template.")
            )
        await _set_archived(template_id, "now()", "template.archived", by)


async def restore(template_id: int, by: Actor) -> None:
    """Take an archived template out again."""
    async with db.transaction():
        await check_editable(template_id, by)
        await _set_archived(template_id, "null", "template.restored", by)


async def _set_archived(template_id: int, value: str, what: str, by: Actor) -> None:
    if not await db.execute(f"update template set archived_at = {value} where id = $1", template_id):
        raise Missing
    await timeline.record("template", template_id, what, by)

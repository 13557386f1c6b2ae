"""A dossier's history as its page shows it: days, events in words, and the e-mails that each of them caused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import msgspec
from markupsafe import Markup

from portal import timeline
from portal.formats import day_heading, local
from portal.i18n import pgettext
from portal.ledger import queries as ledger
from portal.ledger.queries import MessageRow
from portal.timeline import Event
from portal.timeline_words import event_words
from portal.triggers import decisions
from portal.triggers.decisions import Decided
from portal.triggers.words import decided_word

CONSIDERED = "triggers.considered"  # until there was a log of its own


class Considered(msgspec.Struct, frozen=True):
    """A trigger that was looked at, and why it did not fire; `why_not` is empty when it did (B02)."""

    name: str
    why_not: str


class Moment(msgspec.Struct, frozen=True):
    """One entry: an icon, a sentence, the e-mails it caused, the triggers that were considered."""

    at: datetime
    icon: str
    words: Markup
    mails: list[MessageRow] = []
    considered: list[Considered] = []


Days = list[tuple[str, list[Moment]]]


async def of_dossier(dossier_id: int) -> Days:
    """The history of a dossier that the caller has found, newest day first."""
    mails = await ledger.of_dossier(dossier_id)
    return days(await timeline.of_dossier(dossier_id), mails, await decisions.of_dossier(dossier_id))


def days(events: Sequence[Event], mails: Sequence[MessageRow], log: Sequence[Decided] = ()) -> Days:
    """Events and e-mails in one order, newest first, by the reader's days."""
    by_id = {mail.id: mail for mail in mails}
    moments, told = [], set()
    for event in events:
        if event.what != CONSIDERED:
            decided = _decided(event, log)
            caused = [by_id[each] for one in decided for each in one.message_ids if each in by_id]
            told |= {mail.id for mail in caused}
            moments.append(Moment(event.at, *event_words(event), caused, _considered(decided)))
    moments += [_alone(mail) for mail in mails if mail.id not in told]
    moments.sort(key=lambda moment: moment.at, reverse=True)
    grouped = groupby(moments, key=lambda moment: local(moment.at).date())
    return [(day_heading(entries[0].at), entries) for entries in (list(group) for _day, group in grouped)]


def mails_of(days: Days) -> list[MessageRow]:
    """All e-mails of a history."""
    return [mail for _heading, moments in days for moment in moments for mail in moment.mails]


def _decided(event: Event, log: Sequence[Decided]) -> list[Decided]:
    """The lines about the very change that the event tells; other events have none."""
    if event.what not in ("status.changed", "dossier.submitted"):
        return []
    change_id = event.details.get("change_id")
    return [one for one in log if one.event != "deadline" and one.event_id == change_id]


def _considered(decided: Sequence[Decided]) -> list[Considered]:
    return [Considered(one.trigger_name, decided_word(one) if one.why_not else "") for one in decided]


def _alone(mail: MessageRow) -> Moment:
    """An e-mail that no change of the dossier caused."""
    if mail.origin_kind == "return_link":
        return Moment(mail.planned_at, "mail", Markup("{}").format(pgettext("timeline", "Link to the draft")), [mail])
    return Moment(
        mail.planned_at, "mail", Markup("{}").format(pgettext("timeline", "An e-mail about this dossier")), [mail]
    )

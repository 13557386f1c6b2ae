"""What the dashboard says. Numbers stand apart from their label, so labels need no plural."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from portal.dashboard.queries import Attention, Unwritten
from portal.formats import list_and, number, time_short, when, zone_words
from portal.i18n import _, language_name, ngettext, pgettext, text_in
from portal.ledger.decisions import Decisions, PausedOrigin
from portal.ledger.totals import Check
from portal.ledger.words import reason_word, state_word
from portal.mailings.schedule_queries import Schedule
from portal.triggers.reminders import Late
from portal.triggers.untold import MOST, Untold

NAMES_SHOWN = 3


class Need(msgspec.Struct, frozen=True):
    """One thing that waits for a person: a number, what it is, more about it, and the link with its verb."""

    tone: str
    count: str
    label: str
    lines: tuple[str, ...]
    link: str
    verb: str


def lede(now: datetime, open_campaigns: int) -> str:
    """10:42 (local time: Madrid). 2 campaigns are open."""
    # NOTE: {time}: e.g. 10:42; {zone}: e.g. local time: Madrid
    clock = _("{time} ({zone}).").format(time=time_short(now), zone=zone_words())
    if not open_campaigns:
        text = _("No campaign is open.")
    else:
        text = ngettext("{n} campaign is open.", "{n} campaigns are open.", open_campaigns)
    return f"{clock} {text.format(n=number(open_campaigns))}"


# ------------------------------------------------------------------------------------------------ needs you
def proof_need(check: Check | None) -> Need | None:
    """The minute's check found that the register does not add up (P12); None while all is well."""
    if check is None or (check.balanced and not check.duplicates):
        return None
    found = (
        (check.wrong, _("Sums that differ from their rows: {n}")),
        (check.lost, _("Queued, but in no batch: {n}")),
        (check.doubled, _("Would be sent more than once: {n}")),
        (check.duplicates, _("Sent twice: {n}")),
    )
    lines = [text.format(n=number(count)) for count, text in found if count]
    count = check.wrong + check.lost + check.doubled + check.duplicates
    return Need("bad", number(count), _("The sum of the messages does not add up"), tuple(lines), "/sending", _("See"))


def untold_need(rows: Sequence[Untold]) -> Need | None:
    """Decided dossiers whose candidate was never told (B05); None when that was meant for all of them."""
    silent = sum(row.silent for row in rows)
    count = len(rows) - silent
    if not count:
        return None
    titles = list(dict.fromkeys(text_in(row.title) for row in rows))
    lines = [list_and(titles[:NAMES_SHOWN])]
    lines.append(_("The oldest decision: {when}").format(when=when(rows[0].decided_at)))
    if silent:
        lines.append(_("Not sent on purpose: {n}").format(n=number(silent)))
    verb = ngettext("Tell {n} candidate", "Tell {n} candidates", count)
    shown = capped(count)
    return Need("bad", shown, _("Decided, not yet told"), tuple(lines), "/untold", verb.format(n=shown))


def untold_reason(row: Untold) -> str:
    """Why a candidate has heard nothing."""
    if row.state:
        # NOTE: {state}: e.g. Not delivered; {reason}: e.g. The mailbox is full
        text = _("{state}: {reason}") if row.state_reason else "{state}"
        return text.format(state=state_word(row.state), reason=reason_word(row.state_reason))
    if row.silent:
        return _("Not sent on purpose: {reason}").format(reason=row.reason)
    return _("No e-mail was sent with the decision.")


def capped(count: int) -> str:
    """A count that was cut off says so."""
    return number(count) if count < MOST else f"{number(MOST)}+"


def attention_needs(rows: Sequence[Attention]) -> list[Need]:
    """Failed and held messages, each state once."""
    needs = []
    for state, (tone, label, verb) in STATES.items():
        found = [row for row in rows if row.state == state]
        if found:
            count = sum(row.count for row in found)
            words = verb(count).format(n=number(count))
            needs.append(Need(tone, number(count), label(), _about(state, found), f"/messages?state={state}", words))
    return needs


STATES: dict[str, tuple[str, Callable[[], str], Callable[[int], str]]] = {
    "failed": (
        "bad",
        lambda: pgettext("message state", "Not delivered"),
        lambda n: ngettext("See {n} failure", "See {n} failures", n),
    ),
    "held": (
        "plum",
        lambda: pgettext("message state", "On hold"),
        lambda n: ngettext("Decide about {n} e-mail", "Decide about {n} e-mails", n),
    ),
}


def _about(state: str, rows: Sequence[Attention]) -> tuple[str, ...]:
    latest = max((row.latest for row in rows if row.latest), default=None)
    if state == "held":
        return (_("They wait until somebody releases or cancels them."),)
    # NOTE: {reason}: e.g. The mailbox is full; {n}: how many
    reasons = [
        _("{reason}: {n}").format(reason=reason_word(row.reason), n=number(row.count)) for row in rows if row.reason
    ]
    since = [_("The latest: {when}").format(when=when(latest))] if latest else []
    return (*reasons[:NAMES_SHOWN], *since)


def unwritten_need(rows: Sequence[Unwritten]) -> Need:
    """Languages that templates of automatic e-mails lack."""
    lines = []
    for row in rows[:NAMES_SHOWN]:
        text = ngettext(
            "“{template}”, {language}: {n} person reads it in another language",
            "“{template}”, {language}: {n} people read it in another language",
            row.readers,
        )
        lines.append(text.format(template=row.name, language=language_name(row.locale), n=number(row.readers)))
    verb = ngettext("Write {n} version", "Write {n} versions", len(rows)).format(n=number(len(rows)))
    only = {row.template_id for row in rows}
    link = f"/templates/{only.pop()}" if len(only) == 1 else "/templates"
    return Need("plum", number(len(rows)), _("Languages missing in automatic e-mails"), tuple(lines), link, verb)


def decisions_need(found: Decisions, late: Sequence[Late] = ()) -> Need | None:
    """What a rule has stopped, late reminders, what nobody could confirm: decided on a page of its own."""
    count = found.count + len(late)
    if not count:
        return None
    lines = [_("Restored database: nothing leaves")] if found.restored else []
    lines += [_("On hold: {name}").format(name=each.address) for each in found.senders]
    lines += [_("On hold: {name}").format(name=name_of(each)) for each in found.origins]
    lines += [_("Not sent in time: {name}").format(name=each.name) for each in late]
    if unconfirmed := sum(each.count for each in found.uncertain):
        lines.append(_("Not confirmed: {n}. They may have arrived.").format(n=number(unconfirmed)))
    verb = ngettext("Make {n} decision", "Make {n} decisions", count).format(n=number(count))
    shown = tuple(lines[:NAMES_SHOWN])
    return Need("bad", number(count), _("Needs a decision"), shown, "/messages/decisions", verb)


def schedules_need(waiting: Sequence[Schedule]) -> Need | None:
    """Runs of scheduled mailings that nobody has decided about: too late, another audience, something in the way."""
    count = sum(each.open for each in waiting)
    if not count:
        return None
    link = f"/mailings/schedules/{waiting[0].id}" if len(waiting) == 1 else "/mailings/schedules"
    verb = ngettext("Make {n} decision", "Make {n} decisions", count).format(n=number(count))
    names = tuple(each.name for each in waiting[:NAMES_SHOWN])
    return Need("bad", number(count), _("Scheduled mailings that need a decision"), names, link, verb)


def name_of(origin: PausedOrigin) -> str:
    """A mailing's or automatic e-mail's own name, else its campaign's."""
    return origin.name or (
        text_in(origin.campaign) if origin.campaign else pgettext("e-mails of no campaign", "Others")
    )


# ------------------------------------------------------------------------------------------------ today
def today_line(sent: int, due: int) -> str:
    """Sent: 358. Still to come today: 796."""
    return _("Sent: {sent}. Still to come today: {due}.").format(sent=number(sent), due=number(due))


def hour_word(hour: int) -> str:
    """09:00–10:00"""
    return f"{hour:02}:00–{hour + 1:02}:00"


def spark_line(days: Sequence[int]) -> str:
    """What the little line says: the fewest and the most a day, and the sum."""
    text = _("Submitted in 14 days: {n}. A day: {least} to {most}.")
    return text.format(n=number(sum(days)), least=number(min(days, default=0)), most=number(max(days, default=0)))

"""The last look before a mailing goes: all about it in sentences, what was checked, what stands in the way (B11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from markupsafe import Markup, escape

from portal import db
from portal.actor import Actor
from portal.campaigns.rules import instant
from portal.emails import fields
from portal.formats import date_table, date_time, duration, number, when, zone_words
from portal.i18n import _, language_name
from portal.mailings import audience_checks, limits, offers, planning, problems, queries, words
from portal.mailings.launching import OVER
from portal.mailings.planning import Plan, Summary
from portal.mailings.queries import Mailing
from portal.outcomes import Missing, Refused
from portal.web.templating import fill

AT_ONCE = 20_000  # so many letters are looked through while the page is made; more are on request
SENDER_ID = "select id from sender where address = $1::citext"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The sentences of the table. Those marked up hold <strong> only."""

    who: Markup
    left_out: str
    what: Markup
    rule: str
    sender: Markup
    when: Markup
    pace: list[str]


class Limit(msgspec.Struct, frozen=True):
    """Today's use of the organisation's limit, with this mailing."""

    words: str
    used: int
    most: int


class Check(msgspec.Struct, frozen=True):
    """What was looked at. tone: ok, warn, bad or mute. `link`: where to see it, or ""."""

    tone: str
    sentence: str
    link: str = ""


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page says. `stops`: why it cannot go; `over`: more than this many want a second person."""

    plan: Plan | None
    summary: Summary | None
    said: Said
    stops: list[str]
    limit: Limit | None
    checks: list[Check]
    over: int | None
    trial: bool

    @property
    def going(self) -> int:
        """The number on the button."""
        return self.summary.going if self.summary else 0

    @property
    def asks(self) -> bool:
        """Whether a second person has to approve it (B16)."""
        return self.over is not None and self.going > self.over


async def of(actor: Actor, mailing: Mailing, *, thorough: bool = False) -> Review:
    """The review as it is now. `thorough`: look through every letter, however many."""
    stops = [each.words for each in await problems.of_letter(mailing)]
    plan, summary = None, None
    try:
        plan = await planning.plan_of(actor, mailing)
        summary = await planning.summary(plan)
        stops += [each.words for each in await problems.of_plan(plan, summary)]
    except Refused as refused:
        stops.append(refused.sentences)
    except Missing:
        stops.append(problems.words("account"))
    if late := _late(mailing):
        stops.append(late)
    return Review(
        plan=plan,
        summary=summary,
        said=await _said(actor, mailing, plan, summary),
        stops=list(dict.fromkeys(stops)),
        limit=await _limit(actor, summary.going) if summary else None,
        checks=await _checks(mailing, plan, summary, thorough) if plan and summary and summary.going else [],
        over=await db.fetchval(OVER),
        trial=plan is not None and plan.terms.trial,
    )


def _late(mailing: Mailing) -> str:
    """A start that has passed."""
    if mailing.starts_at is not None and instant(mailing.starts_at, mailing.time_zone) < datetime.now(UTC):
        return _("This time has passed. Choose another one, or send it now.")
    return ""


# ------------------------------------------------------------------------------------------------ sentences
async def _said(actor: Actor, mailing: Mailing, plan: Plan | None, summary: Summary | None) -> Said:
    version = plan.version if plan else None
    return Said(
        who=_who(mailing, summary, await queries.picks(mailing.id)),
        left_out=_left_out(summary),
        what=_what(mailing, plan, summary),
        rule=offers.opt_out_rule(version) if version else "",
        sender=_sender(plan),
        when=_when(mailing),
        pace=await _pace(actor, mailing, plan, summary),
    )


def _who(mailing: Mailing, summary: Summary | None, picks: int) -> Markup:
    number_of = _strong(words.people(summary.going, mailing.per) if summary else _("Nobody yet"))
    return Markup("{} {}").format(number_of, words.audience(mailing, picks))


def _left_out(summary: Summary | None) -> str:
    return words.tally(summary.skipped, words.left_out) if summary and summary.skipped else ""


def _what(mailing: Mailing, plan: Plan | None, summary: Summary | None) -> Markup:
    if plan is None or plan.version is None:
        return escape(_("No template is chosen."))
    # NOTE: {template}: its name. {number}: of its version. {languages}: e.g. French: 231 · Polish: 61
    sentence = _("Template {template}, version {number}. {languages}")
    languages = words.tally(summary.by_locale, language_name) if summary else ""
    return fill(sentence, template=_strong(plan.version.name), number=str(plan.version.number), languages=languages)


def _sender(plan: Plan | None) -> Markup:
    if plan is None:
        return Markup("–")
    sender, reply = plan.terms.sender, plan.terms.reply
    by = _strong(offers.label("owner")) if sender is None else _address(sender.name, sender.address)
    to = offers.label("owner") if reply is None else reply.address
    # NOTE: {sender}: a name and an address. {reply}: an address
    return fill(_("{sender}; answers go to {reply}"), sender=by, reply=to or "–")


def _address(name: str, address: str) -> Markup:
    return Markup("{} &lt;{}&gt;").format(_strong(name or address), address) if address else Markup("–")


def _when(mailing: Mailing) -> Markup:
    if mailing.starts_at is None:
        return _strong(_("Now"))
    # NOTE: {time}: a date with its time. {zone}: e.g. (local time: Madrid)
    at = instant(mailing.starts_at, mailing.time_zone)
    return fill("{time} {zone}", time=_strong(date_time(mailing.starts_at)), zone=_on_clocks(mailing, at))


def _on_clocks(mailing: Mailing, at: datetime) -> str:
    return f"{zone_words(mailing.time_zone)} · {when(at)}"


async def _pace(actor: Actor, mailing: Mailing, plan: Plan | None, summary: Summary | None) -> list[str]:
    """How long it takes, on which days (B10)."""
    if plan is None or summary is None or not summary.going:
        return []
    sender = plan.terms.sender.address if plan.terms.sender else plan.terms.spare
    starts_at = instant(mailing.starts_at, mailing.time_zone) if mailing.starts_at else None
    found = await limits.forecast_of(
        summary.going, await db.fetchval(SENDER_ID, sender), mailing.asked_by or actor.account_id, starts_at
    )
    begin = max(starts_at or datetime.now(UTC), datetime.now(UTC))
    if found.ends_at is None:
        return [_("The daily limits do not let all of it leave within a year.")]
    if found.waits:
        days = " · ".join(f"{date_table(day)}: {number(n)}" for day, n in found.by_day[:7])
        return [_("The daily limit spreads it over several days: {days}").format(days=days)]
    lasting = found.ends_at - begin
    if lasting < timedelta(minutes=1):
        return [_("All of it leaves within a minute.")]
    return [_("About {duration}, done at {time}.").format(duration=duration(lasting), time=when(found.ends_at))]


async def _limit(actor: Actor, going: int) -> Limit | None:
    """Today's use with this mailing; None where there is no limit."""
    for pool in await limits.pools(actor):
        if pool.kind == "organisation" and pool.cap is not None:
            used = pool.used + pool.waiting + going
            sentence = _("Today comes to {n} of {limit} e-mails with this mailing.")
            return Limit(sentence.format(n=number(used), limit=number(pool.cap)), min(used, pool.cap), pool.cap)
    return None


# ------------------------------------------------------------------------------------------------ checks
async def _checks(mailing: Mailing, plan: Plan, summary: Summary, thorough: bool) -> list[Check]:
    home = f"/mailings/{mailing.id}"
    found = [Check(tone, sentence) for tone, sentence in audience_checks.of_template(plan, summary)]
    if summary.fallback:
        found.append(Check("warn", words.in_other_language(summary.fallback), f"{home}/people?state=queued"))
    if summary.going <= AT_ONCE or thorough:
        empty = await audience_checks.empty_fields(plan)
        found += [Check("warn", words.empty_field(fields.label(name), n)) for name, n in empty.items()]
        if not empty:
            found.append(Check("ok", _("No field is empty for anybody.")))
    else:
        sentence = _("Whether fields are empty has not been looked at: there are many letters.")
        found.append(Check("mute", sentence, f"{home}/review?thorough=1"))
    twice = summary.skipped.get("duplicate_recipient", 0)
    found.append(Check("ok", words.nobody_twice(twice), f"{home}/people?reason=duplicate_recipient" if twice else ""))
    for name, n in await audience_checks.lately(plan, mailing):
        found.append(Check("warn", words.clash(name, n)))
    return found


def _strong(text: str) -> Markup:
    return Markup("<strong>{}</strong>").format(text)

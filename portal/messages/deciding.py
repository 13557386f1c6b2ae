"""What waits for a person, in words: what happened, what happens if nobody acts, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from portal.actor import Actor
from portal.formats import number
from portal.i18n import _, ngettext, pgettext, text_in
from portal.ledger.decisions import Decisions, PausedOrigin, PausedSender, Uncertain
from portal.ledger.epoch import Held
from portal.messages.sentences import Question
from portal.triggers.lines import local
from portal.triggers.reminders import Late

Kind = Literal["restored", "senders", "origins", "reminders", "uncertain"]
Verb = Literal["confirm", "resume", "cancel", "send", "skip", "resend", "leave"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One decision. `count`: messages it is about; `ids`: some of them; no `verbs` where another has to decide."""

    kind: Kind
    id: int
    heading: str
    happened: list[str]
    otherwise: str
    since: datetime | None
    count: int
    verbs: list[Verb]
    ids: Sequence[int] = ()

    @property
    def address(self) -> str:
        """Where its verbs live."""
        return f"/messages/decisions/{self.kind}/{self.id}"


def cases(found: Decisions, late: Sequence[Late], waiting: int, reader: Actor) -> list[Case]:
    """All of them, the widest first. `late`: reminders; `waiting`: messages that wait in the whole house."""
    made = [restored(found.restored, waiting)] if found.restored else []
    made += [of_sender(each) for each in found.senders]
    made += [of_origin(each) for each in found.origins]
    made += [of_reminder(each) for each in late]
    made += [of_uncertain(each) for each in found.uncertain]
    return [case if may(reader, case.kind) else msgspec.structs.replace(case, verbs=[]) for case in made]


def may(reader: Actor, kind: Kind) -> bool:
    """Whether somebody may decide. What concerns the whole house is for administrators."""
    if kind == "restored":
        return reader.may("organisation.edit") or reader.may("account.manage")
    return reader.may("organisation.edit" if kind == "senders" else "message.act")


def restored(held: Held, waiting: int) -> Case:
    """The register woke up in another database."""
    return Case(
        kind="restored",
        id=0,
        heading=_("Is this the right database?"),
        happened=[
            _("E-mails were last sent from another one: a backup was restored, or another server has taken over."),
            _(
                "What left after the backup was made is still in the queue here. Check the log of the mail server for "
                "it, and cancel here what has gone already."
            ),
        ],
        otherwise=_("If nobody confirms, no e-mail leaves. Everything else works."),
        since=held.since,
        count=waiting,
        verbs=["confirm"],
    )


def of_sender(sender: PausedSender) -> Case:
    """Nothing leaves from an address."""
    if sender.reason in ("", "by_hand"):
        why = _("Somebody has put this address on pause.")
    else:
        # NOTE: {reply}: the mail server's own words
        why = _("The mail server refuses this address or its password: {reply}").format(reply=sender.reason)
    return Case(
        kind="senders",
        id=sender.id,
        heading=sender.address,
        happened=[why],
        otherwise=stays(sender.waiting),
        since=sender.since,
        count=sender.waiting,
        verbs=["resume"],
    )


def of_origin(origin: PausedOrigin) -> Case:
    """A rule has paused a mailing or an automatic e-mail."""
    return Case(
        kind="origins",
        id=origin.id,
        heading=name_of(origin),
        happened=list(filter(None, [f"{why_paused(origin)} {share(origin)}".strip(), said(origin)])),
        otherwise=stays(origin.waiting),
        since=origin.since,
        count=origin.waiting,
        verbs=["resume", "cancel"],
    )


def of_reminder(late: Late) -> Case:
    """A reminder before a closing that did not go at its hour."""
    happened = [_("It was to be sent: {when}").format(when=local(late.due_at, late.time_zone))]
    if late.closed:
        happened.append(_("The closing date has passed since: there is nothing to remind of."))
    return Case(
        kind="reminders",
        id=late.id,
        heading=" · ".join((late.name, text_in(late.title))),
        happened=happened,
        otherwise=_("If nobody decides, nobody is reminded. Dossiers with its status: {n}.").format(
            n=number(late.readers)
        ),
        since=late.due_at,
        count=late.readers,
        verbs=["skip"] if late.closed else ["send", "skip"],
    )


def of_uncertain(found: Uncertain) -> Case:
    """Messages that nobody could confirm."""
    return Case(
        kind="uncertain",
        id=found.id,
        heading=name_of(found),
        happened=[_("Not confirmed: {n}. They may have arrived.").format(n=number(found.count))],
        otherwise=_("If nobody decides, nothing is sent again, and they stay “Not confirmed”."),
        since=found.since,
        count=found.count,
        verbs=["resend", "leave"],
        ids=found.some,
    )


def name_of(row: PausedOrigin | Uncertain) -> str:
    """What the e-mails are called: their own name and their campaign's."""
    campaign = text_in(row.campaign) if row.campaign else ""
    kinds: dict[str, Callable[[], str]] = {
        "test": lambda: _("Test e-mails"),
        "return_link": lambda: _("Ways back to applications"),
        "origin_paused": lambda: _("E-mails about pauses"),
        "sender_paused": lambda: _("E-mails about pauses"),
        "invitation": lambda: _("Invitations"),
        "reset": lambda: _("Links for a new password"),
    }
    name = kinds[row.origin_kind]() if row.origin_kind in kinds else row.name
    return " · ".join(part for part in (name, campaign) if part) or pgettext("e-mails of no campaign", "Others")


def why_paused(origin: PausedOrigin) -> str:
    """Why a rule has paused it."""
    if origin.reason == "late":
        return _("It is too late to send these e-mails without asking.")
    return _("Mail servers refuse these e-mails as unwanted.")


def share(origin: PausedOrigin) -> str:
    """How many were refused, as the rule counted them."""
    details = origin.details or {}
    if "refused" not in details:
        return ""
    refused, ended = number(int(str(details["refused"]))), number(int(str(details["ended"])))
    if domain := details.get("domain"):
        return _("Refused one after the other at {domain}: {n}.").format(domain=domain, n=refused)
    return _("Refused: {refused} of the last {ended}.").format(refused=refused, ended=ended)


def said(origin: PausedOrigin) -> str:
    """What a server said last."""
    # NOTE: {server_said}: the mail server's own words
    return _("The mail server said: {server_said}").format(server_said=origin.reply) if origin.reply else ""


def stays(waiting: int) -> str:
    """What happens if nobody acts."""
    if not waiting:
        return _("Nothing waits at the moment.")
    text = ngettext("If nobody decides, {n} e-mail waits.", "If nobody decides, {n} e-mails wait.", waiting)
    return text.format(n=number(waiting))


# ------------------------------------------------------------------------------------------------ the verbs
def word(verb: Verb) -> str:
    """What a verb is called on its button."""
    words: dict[Verb, Callable[[], str]] = {
        "confirm": lambda: pgettext("button", "Confirm"),
        "resume": lambda: pgettext("button", "Resume"),
        "cancel": lambda: pgettext("button", "Cancel the rest"),
        "send": lambda: pgettext("button", "Send now"),
        "skip": lambda: pgettext("button", "Skip"),
        "resend": lambda: pgettext("button", "Send again"),
        "leave": lambda: pgettext("button", "Leave as is"),
    }
    return words[verb]()


def question(verb: Verb, case: Case) -> Question:
    """What to ask before a verb is done."""
    n = case.count
    asked: dict[Verb, tuple[str, str]] = {
        "confirm": (
            ngettext("Send {n} e-mail from this database?", "Send {n} e-mails from this database?", n),
            _("Sending starts at once. What was sent after the backup was made may be sent a second time."),
        ),
        "resume": (
            ngettext("Resume and send {n} e-mail?", "Resume and send {n} e-mails?", n),
            _("Sending starts at once. If the mail server refuses again, everything stops again."),
        ),
        "cancel": (
            ngettext("Cancel {n} e-mail?", "Cancel {n} e-mails?", n),
            _("Nothing of it is sent, and this cannot be undone. The register keeps it all."),
        ),
        "send": (
            _("Send the late reminder now?"),
            _(
                "It goes within a minute, once, about each dossier that has its status and meets its conditions then. "
                "Dossiers with its status: {n}."
            ).format(n=number(n)),
        ),
        "skip": (
            _("Skip this reminder?"),
            _("Nothing of it is sent. Other reminders go at their own hours."),
        ),
        "resend": (
            ngettext("Send {n} e-mail again?", "Send {n} e-mails again?", n),
            _(
                "They may have arrived already, so somebody may get one twice. They keep their Message-ID: many mail "
                "programs then show them once."
            ),
        ),
        "leave": (
            ngettext("Leave {n} e-mail as it is?", "Leave {n} e-mails as they are?", n),
            _("Nothing more is sent. It stays “Not confirmed” in the register, and nobody is reminded of it."),
        ),
    }
    title, consequence = asked[verb]
    return Question(title.format(n=number(n)), consequence, word(verb))


def done(verb: Verb, count: int) -> str:
    """What to say afterwards."""
    if verb == "confirm":
        return _("Confirmed. What waited leaves now.")
    if verb == "resume":
        return _("Resumed. What waited leaves now.")
    if verb == "send":
        return _("The reminder goes within a minute.")
    if verb == "skip":
        return _("Skipped. Nothing of it is sent.")
    texts: dict[Verb, Callable[[], str]] = {
        "cancel": lambda: ngettext("{n} e-mail cancelled.", "{n} e-mails cancelled.", count),
        "resend": lambda: ngettext("{n} e-mail queued again.", "{n} e-mails queued again.", count),
        "leave": lambda: ngettext("{n} e-mail left as it is.", "{n} e-mails left as they are.", count),
    }
    return texts[verb]().format(n=number(count))

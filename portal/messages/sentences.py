"""What became of a message, why it exists and what can be done, in whole sentences. Looked up when shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from portal.formats import number, when
from portal.i18n import _, ngettext, pgettext, text_in
from portal.ledger.queries import MessagePage, MessageRow
from portal.ledger.totals import Totals
from portal.ledger.words import reason_word
from portal.messages.queries import Origin
from portal.sending.dispatcher import BROKE
from portal.timeline import Event

Verb = Literal["release", "cancel", "retry", "resend", "leave"]
VERBS: tuple[Verb, ...] = ("release", "cancel", "retry", "resend", "leave")
# Waits for something that sending now would not change.
CLOSED = ("paused", "paused_policy", "late", "limit", "sender_paused", "restored", "domain", "resent")

UNDECIDED = ("paused_policy", "late", "sender_paused", "restored")


class Question(msgspec.Struct, frozen=True):
    """What is asked before something is done: the question, its consequence, and the button's words."""

    title: str
    consequence: str
    button: str


def possible(message: MessageRow) -> list[Verb]:
    """What a person can do about a message in its state."""
    if message.state == "failed":
        return ["retry"]
    if message.state == "uncertain":
        return ["resend", "leave"] if message.reason != "left_as_is" else ["resend"]
    if message.state in ("held", "queued"):
        waits = message.reason is not None and message.reason not in CLOSED
        return ["release", "cancel"] if waits else ["cancel"]
    return []


def undecided(message: MessageRow) -> bool:
    """Whether it waits for what is decided under *Needs a decision*."""
    return message.state in ("held", "queued") and message.reason in UNDECIDED


def explanation(message: MessagePage) -> str:
    """The state in a sentence: what happened, and what happens next."""
    sentences: dict[str, Callable[[MessagePage], str]] = {
        "accepted": _accepted,
        "failed": _failed,
        "uncertain": _uncertain,
        "held": _held,
        "queued": _queued,
        "sending": lambda m: _("It is on its way to the mail server right now."),
        "skipped": _skipped,
        "cancelled": _cancelled,
    }
    return sentences[message.state](message)


def _accepted(message: MessagePage) -> str:
    if message.reason:
        # NOTE: {reason}: e.g. Found in the log of our mail server
        text = _("Sent to {address}. The answer was lost, but it did arrive: {reason}.")
        return text.format(address=message.address, reason=reason_word(message.reason))
    return _("Sent to {address}. The recipient’s mail server took it.").format(address=message.address)


def _failed(message: MessagePage) -> str:
    # NOTE: {reason}: e.g. The address does not exist
    said = _("Not delivered. Reason: {reason}.").format(reason=reason_word(message.reason) or message.reply or "–")
    advice = ADVICE.get(message.reason or "")
    return f"{said} {advice()}" if advice else said


ADVICE: dict[str, Callable[[], str]] = {
    "address_unknown": lambda: _("Nothing more goes to this address while it is blocked."),
    "policy": lambda: _("The address is not blocked: other e-mails may reach it."),
    "mailbox_full": lambda: _("Try again when the mailbox has been emptied."),
    "attachment_missing": lambda: _("Add the file again, then try again."),
    "cannot_sign": lambda: _("An administrator has to look at the signing keys; then try again."),
    "unrenderable": lambda: _("Correct the template, then try again."),
}


def _uncertain(message: MessagePage) -> str:
    if message.reason == "left_as_is":
        return _("Not confirmed, and left as it is: it may have arrived. Nothing is sent again by itself.")
    reason = reason_word(message.reason)
    if sum(each.state == "uncertain" for each in message.attempts or ()) > 1:
        # NOTE: {reason}: e.g. The connection broke before the answer
        text = _("Not confirmed. Reason: {reason}. It was sent twice by now and may have arrived. Decide what to do.")
        return text.format(reason=reason)
    # NOTE: {reason}: e.g. The connection broke before the answer
    text = _("Not confirmed. Reason: {reason}. It may have arrived. If nobody can prove it, somebody has to decide.")
    return text.format(reason=reason)


def _held(message: MessagePage) -> str:
    sentence = HELD.get(message.reason or "")
    if sentence is None:
        return _("On hold by hand. It stays here until somebody sends or cancels it.")
    return sentence().format(time=when(message.due_at))


HELD: dict[str, Callable[[], str]] = {
    "undo": lambda: _("On hold: there is time to undo. It leaves by itself: {time}."),
    "limit": lambda: _("On hold: the daily limit of its sender is reached. It leaves by itself: {time}."),
    "paused": lambda: _("On hold: sending is paused. It leaves when sending is resumed."),
    "paused_policy": lambda: _("On hold: mail servers refuse e-mails like this as unwanted. It needs a decision."),
    "late": lambda: _("On hold: it is too late to send it without asking. It needs a decision."),
    "sender_paused": lambda: _("On hold: nothing leaves from its sender’s address. It needs a decision."),
    "restored": lambda: _(
        "On hold: the database was restored from a backup. It waits until an administrator confirms."
    ),
    "domain": lambda: _("On hold: its domain wants e-mails more slowly. It leaves by itself."),
    "route": lambda: _("On hold: the mail server cannot be reached. It leaves by itself: {time}."),
}


def _queued(message: MessagePage) -> str:
    if message.reason == "resent":
        return _("In the queue once more, because it was not confirmed. It keeps its Message-ID.")
    if message.reason == "domain":
        return _("In the queue. Its domain wants e-mails more slowly, so it waits for its turn there.")
    if message.reason in ("retry", "later") and message.reply == BROKE:
        text = _("The connection broke three times under it, while other e-mails passed. It is tried again: {time}.")
        return text.format(time=when(message.due_at))
    if message.reason in ("retry", "later") and message.reply:
        text = _("The mail server asked to wait. It is tried again: {time}.")
        return text.format(time=when(message.due_at))
    return _("In the queue. It leaves as soon as it is its turn.")


def _skipped(message: MessagePage) -> str:
    # NOTE: {reason}: e.g. Opted out of optional e-mail
    return _("Left out on purpose. Reason: {reason}.").format(reason=reason_word(message.reason) or "–")


def _cancelled(message: MessagePage) -> str:
    # NOTE: {reason}: e.g. Replaced by a later decision
    return _("Cancelled before it left. Reason: {reason}.").format(reason=reason_word(message.reason) or "–")


def why(origin: Origin) -> str:
    """Why the message exists."""
    if origin.kind == "test":
        return _("A test e-mail of the template “{template}”.").format(template=origin.template or "–")
    if origin.kind in ("origin_paused", "sender_paused"):
        return _("To whoever has to decide: a rule has put e-mails on hold.")
    if origin.kind == "return_link":
        return _("The candidate asked for the way back to the application.")
    if origin.kind == "invitation":
        return _("A colleague was invited.")
    if origin.kind == "reset":
        return _("A link for a new password was asked for. Only the letter itself has it.")
    if origin.kind == "mailing":
        return _("The mailing “{name}”.").format(name=origin.trigger or "–")
    if origin.kind == "autoresponder":
        return _("The automatic follow-up “{name}”.").format(name=origin.trigger or "–")
    if origin.kind != "trigger":
        return origin.kind
    if origin.family == "candidate":
        return _("The automatic e-mail “{trigger}”: the application was submitted.").format(
            trigger=origin.trigger or "–"
        )
    if origin.family == "deadline":
        return _("The automatic e-mail “{trigger}”: the closing date was near.").format(trigger=origin.trigger or "–")
    status, name = text_in(origin.to_status) or "–", origin.actor or "–"
    # NOTE: {name}: who changed the status; {status}: e.g. Accepted; {trigger}: the automatic e-mail’s name
    text = _("The automatic e-mail “{trigger}”: {name} changed the status to “{status}”.")
    return text.format(trigger=origin.trigger or "–", name=name, status=status)


def word(verb: Verb) -> str:
    """What a verb is called on its button."""
    words: dict[Verb, Callable[[], str]] = {
        "release": lambda: pgettext("button", "Send now"),
        "cancel": lambda: pgettext("button", "Cancel the e-mail"),
        "retry": lambda: pgettext("button", "Try again"),
        "resend": lambda: pgettext("button", "Send again"),
        "leave": lambda: pgettext("button", "Leave as is"),
    }
    return words[verb]()


def question(verb: Verb, message: MessageRow, *, stopped: bool = False) -> Question:
    """What to ask before a verb is done to a message. `stopped`: what it comes from is on pause."""
    address = message.address
    asked: dict[Verb, tuple[str, str]] = {
        "release": (
            _("Send this e-mail now?"),
            _("It goes to {address} within seconds and cannot be taken back.").format(address=address),
        ),
        "cancel": (
            _("Cancel this e-mail?"),
            _("It will not be sent to {address}. The register keeps it, with your name.").format(address=address),
        ),
        "retry": (_("Try again?"), _retry(message)),
        "resend": (
            _("Send this e-mail again?"),
            _(
                "It may have arrived already, so {address} may get it twice. It keeps its Message-ID: many mail "
                "programs then show it once."
            ).format(address=address),
        ),
        "leave": (
            _("Leave this e-mail as it is?"),
            _("Nothing more is sent. It stays “Not confirmed” in the register, and nobody is reminded of it any more."),
        ),
    }
    title, consequence = asked[verb]
    if stopped and verb in ("retry", "resend"):
        waits = _("E-mails like this one are on pause: it waits until sending is resumed.")
        consequence = f"{consequence} {waits}"
    return Question(title, consequence, word(verb))


def _retry(message: MessageRow) -> str:
    if message.reason == "address_unknown":
        return _("{address} is blocked because it does not exist. While it is blocked, the e-mail is left out.").format(
            address=message.address
        )
    return _("The same letter goes to {address} once more.").format(address=message.address)


def done(verb: Verb) -> str:
    """What to say afterwards."""
    said: dict[Verb, Callable[[], str]] = {
        "release": lambda: _("The e-mail leaves now."),
        "cancel": lambda: _("E-mail cancelled."),
        "retry": lambda: _("E-mail queued again."),
        "resend": lambda: _("E-mail queued again, with the same Message-ID."),
        "leave": lambda: _("Left as it is."),
    }
    return said[verb]()


def event_sentence(event: Event) -> tuple[str, str]:
    """(icon, sentence) of something that a person did to a message; fields are filled in."""
    sentences: dict[str, tuple[str, Callable[[], str]]] = {
        "message.released": ("send", lambda: pgettext("timeline", "{name} let it go")),
        "message.cancelled": ("ban", lambda: pgettext("timeline", "{name} cancelled it")),
        "message.retried": ("refresh", lambda: pgettext("timeline", "{name} had it tried again")),
        "message.resent": ("refresh", lambda: _resent(event)),
        "message.proven": (
            "circle-check",
            lambda: pgettext("timeline", "It did arrive: {how}").format(how=reason_word(str(event.details.get("how")))),
        ),
        "message.left": ("check", lambda: pgettext("timeline", "{name} left it as it is")),
    }
    icon, sentence = sentences.get(event.what, ("info-circle", lambda: event.what))
    return icon, sentence().format(name=event.actor_name or "–")


def _resent(event: Event) -> str:
    why = event.details.get("why")
    if why == "policy":
        return pgettext("timeline", "Sent again by itself, once, because it was not confirmed")
    if why == "never_arrived":
        return pgettext("timeline", "Sent again by itself: our mail server never had it")
    return pgettext("timeline", "{name} had it sent again")


# ------------------------------------------------------------------------------------------------ the proof
SIGNS: tuple[str, ...] = ("accepted", "failed", "uncertain", "skipped", "cancelled", "held", "queued")
ALWAYS = ("accepted",)


def terms(totals: Totals) -> list[tuple[str, int]]:
    """The states that the planned messages are in, in the order of the sum; states without messages are left out."""
    return [(state, totals.by_state[state]) for state in SIGNS if totals.by_state[state] or state in ALWAYS]


def proof(totals: Totals) -> str:
    """Whether everything adds up, in a sentence."""
    if not totals.balanced or totals.duplicates:
        return _("The sum does not add up. Tell an administrator: nothing may be trusted until the cause is known.")
    rest = sum(totals.by_state[state] for state in SIGNS if state not in ("accepted", "skipped"))
    if rest == 0:
        a, b, c = totals.intended, totals.by_state["accepted"], totals.by_state["skipped"]
        text = _("Planned {a} = sent {b} + skipped {c}. Duplicates: 0. Not confirmed: {d}.")
        return text.format(a=number(a), b=number(b), c=number(c), d=number(0))
    text = ngettext(
        "{n} message is planned, and each is in exactly one state. Duplicates: 0.",
        "{n} messages are planned, and each is in exactly one state. Duplicates: 0.",
        totals.intended,
    )
    return text.format(n=number(totals.intended))

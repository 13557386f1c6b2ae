"""The words people read for states and reasons of messages. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import _, pgettext

TONES = {
    "accepted": "ok",
    "failed": "bad",
    "uncertain": "warn",
    "held": "plum",
    "queued": "teal",
    "sending": "teal",
}


def state_word(state: str) -> str:
    """What a state is called: "Sent" for accepted. States as `message_now.shown`."""
    words: dict[str, Callable[[], str]] = {
        "skipped": lambda: pgettext("message state", "Skipped"),
        "held": lambda: pgettext("message state", "On hold"),
        "queued": lambda: pgettext("message state", "Queued"),
        "sending": lambda: pgettext("message state", "Sending"),
        "accepted": lambda: pgettext("message state", "Sent"),
        "failed": lambda: pgettext("message state", "Not delivered"),
        "uncertain": lambda: pgettext("message state", "Not confirmed"),
        "cancelled": lambda: pgettext("message state", "Cancelled"),
    }
    return words[state]() if state in words else state


def state_tone(state: str) -> str:
    """The colour family of a state: mute, ok, warn, bad, plum or teal."""
    return TONES.get(state, "mute")


def lane_word(lane: int) -> str:
    """What a lane is called where priorities are listed."""
    words: tuple[Callable[[], str], ...] = (
        lambda: pgettext("priority", "At once"),
        lambda: pgettext("priority", "Automatic e-mail"),
        lambda: pgettext("priority", "Sequence"),
        lambda: pgettext("priority", "Mailing"),
    )
    return words[lane]()


def reason_word(reason: str | None, **fields: str) -> str:
    """Why a message is where it is, as a short nominal phrase; "" without a reason.

    A reason may carry its field after a colon, `missing_merge_field:answer_budget`; `fields` win over it.
    """
    if not reason:
        return ""
    name, _colon, detail = reason.partition(":")
    words = SKIPPED.get(name) or WAITING.get(name) or ENDED.get(name)
    if words is None:
        return reason
    return words().format_map(Fields(detail, fields))


class Fields(dict[str, str]):
    """Fields of a reason; one that is not given reads as the reason's own detail."""

    def __init__(self, detail: str, fields: dict[str, str]) -> None:
        super().__init__(fields)
        self.detail = detail

    def __missing__(self, key: str) -> str:
        return self.detail


# A person's wish and a person's word end what waits, too.
WISHED: dict[str, Callable[[], str]] = {
    "opted_out": lambda: _("Opted out of optional e-mail"),
    "by_hand": lambda: _("Stopped by hand"),
}

SKIPPED: dict[str, Callable[[], str]] = {
    **WISHED,
    "suppressed_bounce": lambda: _("Address blocked after a bounce"),
    "complaint": lambda: _("Address blocked: reported as spam"),
    "taking_a_break": lambda: _("Taking a break from optional e-mail"),
    "topic": lambda: _("Opted out of this kind of e-mail"),
    "already_enrolled": lambda: _("Already in another sequence"),
    "no_email": lambda: _("No e-mail address"),
    "invalid_email": lambda: _("Address not valid"),
    "duplicate_recipient": lambda: _("Address already in this mailing"),
    "no_dossier_access": lambda: _("No access to this dossier"),
    "missing_merge_field": lambda: _("Empty field: {field}"),
    "missing_language": lambda: _("Language missing in the template: {language}"),
    "trigger_inactive": lambda: _("Trigger off"),
    "not_manual_change": lambda: _("Status not changed by hand"),
    "daily_limit": lambda: _("Daily limit reached"),
    "frequency_cap": lambda: _("Limit per person reached"),
    "trial_mode": lambda: _("Trial mode: team addresses only"),
    "sender_not_connected": lambda: _("Sender’s mailbox not connected"),
    "superseded": lambda: _("Replaced by a later decision"),
    "withdrawn": lambda: _("The candidate has withdrawn"),
    "overdue": lambda: _("More than 7 days late"),
}

WAITING: dict[str, Callable[[], str]] = {
    "undo": lambda: _("Time to undo"),
    "limit": lambda: _("Daily limit reached"),
    "retry": lambda: _("Will be tried again"),
    "later": lambda: _("Will be tried again"),
    "route": lambda: _("Mail server cannot be reached"),
    "resent": lambda: _("Sent again, once"),
    "paused": lambda: _("Paused"),
    "paused_policy": lambda: _("Paused: refused as unwanted"),
    "late": lambda: _("Too late to go by itself"),
    "sender_paused": lambda: _("Sender address on pause"),
    "restored": lambda: _("Restored database"),
    "domain": lambda: _("Waits for its domain"),
    "on_hold": lambda: _("Held by hand"),
    "held": lambda: _("Held by hand"),
}

ENDED: dict[str, Callable[[], str]] = {
    **WISHED,
    "with_origin": lambda: _("Cancelled with its mailing or automatic e-mail"),
    "moved_on": lambda: _("The dossier has moved on"),
    "undone": lambda: _("Status put back"),
    "silent": lambda: _("“Don’t send” was chosen"),
    "address_unknown": lambda: _("The address does not exist"),
    "mailbox_full": lambda: _("The mailbox is full"),
    "policy": lambda: _("Refused as unwanted by the recipient’s mail server"),
    "refused": lambda: _("Refused by the recipient’s mail server"),
    "gave_up": lambda: _("Tried for three days without success"),
    "needs_smtputf8": lambda: _("The mail server cannot write to this kind of address"),
    "unrenderable": lambda: _("The letter could not be composed"),
    "attachment_missing": lambda: _("An attachment is missing"),
    "cannot_sign": lambda: _("The letter could not be signed"),
    "unclear_reply": lambda: _("The mail server’s answer could not be understood"),
    "connection_lost": lambda: _("The connection broke before the answer"),
    "worker_lost": lambda: _("The sending process ended before the answer"),
    "database_lost": lambda: _("The database and the sending process ended before the answer"),
    "left_as_is": lambda: _("Left as it is by hand"),
    "by_queue": lambda: _("Found in the queue of our mail server"),
    "by_log": lambda: _("Found in the log of our mail server"),
    "by_mailbox": lambda: _("Found in the on-screen mailbox"),
    "by_bounce": lambda: _("Proven by a bounce"),
    "by_reply": lambda: _("Proven by a reply"),
}

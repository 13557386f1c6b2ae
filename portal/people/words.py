"""The words people read about people. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import _, pgettext


def kind_word(kind: str) -> str:
    """What a kind of person is called."""
    words: dict[str, Callable[[], str]] = {
        "candidate": lambda: pgettext("kind of person", "Candidate"),
        "contact": lambda: pgettext("kind of person", "Contact"),
    }
    return words[kind]()


SOURCES: dict[str, Callable[[], str]] = {
    "by_hand": lambda: pgettext("source of an opt-out", "entered by hand"),
    "link": lambda: pgettext("source of an opt-out", "unsubscribe link"),
    "preferences": lambda: pgettext("source of an opt-out", "preferences page"),
    "one_click": lambda: pgettext("source of an opt-out", "unsubscribe button of the mailbox"),
    "reply": lambda: pgettext("source of an opt-out", "reply"),
    "bounce": lambda: pgettext("source of an opt-out", "bounced e-mail"),
    "import": lambda: pgettext("source of an opt-out", "import"),
    "form": lambda: pgettext("source of an opt-out", "form"),
    "api": lambda: pgettext("source of an opt-out", "API"),
}


def source_word(source: str) -> str:
    """Where an opt-out or a block came from; what a mail server said stands as it is."""
    return SOURCES[source]() if source in SOURCES else source


def reason_word(reason: str) -> str:
    """Why an address is not written to, in a word or two."""
    words: dict[str, Callable[[], str]] = {
        "opted_out": lambda: _("Opted out of optional e-mail"),
        "complaint": lambda: _("Address blocked: reported as spam"),
        "suppressed_bounce": lambda: _("Address blocked after a bounce"),
        "taking_a_break": lambda: _("Taking a break from optional e-mail"),
        "by_hand": lambda: _("Address blocked by hand"),
    }
    return words[reason]()


def reason_tone(reason: str) -> str:
    """The colour family: her own wish, or something that is wrong."""
    return "plum" if reason in ("opted_out", "taking_a_break", "by_hand") else "bad"


def consequence(scope: str) -> str:
    """What still reaches an address."""
    if scope == "optional":
        return _("E-mail about applications still reaches this person.")
    return _("No e-mail at all goes to this address.")


def lifter(reason: str) -> str:
    """Who may lift it (B08)."""
    words: dict[str, Callable[[], str]] = {
        "opted_out": lambda: _("Only the person can opt in again, or an administrator with a note on how they asked."),
        "taking_a_break": lambda: _(
            "Only the person can end it earlier, or an administrator with a note on how they asked."
        ),
        "complaint": lambda: _("Only the person can undo it, or an administrator with a note on how they asked."),
        "suppressed_bounce": lambda: _("Whoever decides about addresses may unblock it once the mailbox works again."),
        "by_hand": lambda: _("Whoever decides about addresses may unblock it."),
    }
    return words[reason]()


def opt_out_wording() -> str:
    """The button that opts out; kept as what she read."""
    return _("Opt out of optional e-mail")


def opt_in_wording(organisation: str) -> str:
    """What a person reads and agrees to when she opts in again; kept as the proof."""
    text = _("I agree to get optional e-mail from {organisation}, too. I can opt out again at any time.")
    return text.format(organisation=organisation)


def come_back_wording(organisation: str) -> str:
    """What she reads when she takes back that our mail is spam; kept as the proof."""
    text = _("I agree to get e-mail from {organisation} again. I can opt out of what is optional at any time.")
    return text.format(organisation=organisation)


def given_word(what: str, given: bool, topic: str) -> str:
    """What somebody agreed to, or took back. `topic`: the kind of optional mail, where it is about one."""
    if what == "tracking":
        return _("Agreed that clicks are counted") if given else _("Does not agree that clicks are counted")
    if what == "topic":
        # NOTE: consent to a kind of optional e-mail. {topic}: e.g. Quarterly letter
        text = _("Wants “{topic}”") if given else _("Does not want “{topic}”")
        return text.format(topic=topic)
    return _("Wants optional e-mail") if given else _("Opted out of optional e-mail")


def consent_header() -> list[str]:
    """The first row of the file of consents."""
    return [_("When"), _("What"), _("Wording"), _("Language"), _("Source")]


def labels() -> dict[str, str]:
    """field -> its label; the conflict page uses the same."""
    return {
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("E-mail address"),
        "locale": _("Language of e-mails"),
        "phone": _("Telephone"),
        "company": _("Company"),
        "owner_id": _("Looked after by"),
        "tags": _("Tags"),
    }


def company_labels() -> dict[str, str]:
    """The same of a company."""
    return {
        "name": pgettext("company", "Name"),
        "sector": _("Sector"),
        "country": _("Country"),
        "city": _("City"),
        "website": _("Website"),
    }

"""What is said of an audience and of links."""

from __future__ import annotations

from collections.abc import Callable

from portal.emails.fields import label
from portal.formats import number
from portal.i18n import _, language_name, ngettext
from portal.ledger.words import reason_word
from portal.proofreading.links import Tried
from portal.proofreading.reports import Gap
from portal.triggers.rules import Recipient


def gap_sentence(gap: Gap) -> str:
    """Something about some of the readers, with their number."""
    return _GAPS[gap.kind](gap)


def gap_tone(gap: Gap) -> str:
    """bad: the letter reads badly; warn: look at it; mute: nobody can help it here."""
    return {"empty": "bad", "fallback": "warn"}.get(gap.kind, "mute")


def _empty(gap: Gap) -> str:
    # NOTE: {field}: name of a merge field. {n}: how many people have no value for it, {language}: of their letter
    words = ngettext(
        "{language}: {n} person has nothing in the field “{field}”",
        "{language}: {n} people have nothing in the field “{field}”",
        gap.people,
    )
    return words.format(language=language_name(gap.locale), n=number(gap.people), field=label(gap.detail))


def _fallback(gap: Gap) -> str:
    # NOTE: both languages as names, e.g. Polish. {n}: how many people read the first and get the letter in the second
    words = ngettext(
        "{language} is not written: {n} person gets the letter in another language: {instead}",
        "{language} is not written: {n} people get the letter in another language: {instead}",
        gap.people,
    )
    return words.format(language=language_name(gap.locale), n=number(gap.people), instead=language_name(gap.detail))


_GAPS: dict[str, Callable[[Gap], str]] = {
    "empty": _empty,
    "fallback": _fallback,
    # NOTE: {reason}: why people get no letter, e.g. No e-mail address
    "no_email": lambda gap: _("{reason}: {n}").format(reason=reason_word("no_email"), n=number(gap.people)),
    "blocked": lambda gap: _("{reason}: {n}").format(reason=reason_word(gap.detail), n=number(gap.people)),
}


def colleague(one: Recipient) -> tuple[str, str]:
    """(tone, sentence) of somebody on the team, or of a fixed address, who gets the letters too."""
    name = f"{one.name} ({one.address})" if one.name else one.address
    if one.reason:
        return "mute", _("{name}: {reason}").format(name=name, reason=reason_word(one.reason))
    languages = {"language": language_name(one.wished), "instead": language_name(one.locale)}
    if one.falls_back:
        # NOTE: {name}: of a person. Both languages as names, e.g. Polish
        said = _("{name} reads {language} and gets it in another language: {instead}")
        return "warn", said.format(name=name, **languages)
    return "ok", _("{name}: {language}").format(name=name, **languages)


def link_tone(tried: Tried) -> str:
    """ok, warn or bad."""
    return {"ok": "ok", "broken": "warn"}.get(tried.state, "bad")


def link_sentence(tried: Tried) -> str:
    """What became of a link."""
    words: dict[str, Callable[[], str]] = {
        "ok": lambda: _("The link leads somewhere: {address}"),
        "gone": lambda: _("The page is not there (any more): {address}"),
        "silent": lambda: _("Nobody answers: {address}"),
        "broken": lambda: _("The page answers with an error: {address}"),
        "inside": lambda: _("The link leads into a network that candidates cannot see: {address}"),
    }
    return words[tried.state]().format(address=tried.address)

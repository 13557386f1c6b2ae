"""The words people read about accounts. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.accounts.rules import MAX_PASSWORD, MIN_PASSWORD, Weakness
from portal.formats import number
from portal.i18n import _, ngettext, pgettext


def role_word(role: str) -> str:
    """What a role is called."""
    words: dict[str, Callable[[], str]] = {
        "administrator": lambda: pgettext("role", "Administrator"),
        "manager": lambda: pgettext("role", "Manager"),
        "evaluator": lambda: pgettext("role", "Evaluator"),
        "translator": lambda: pgettext("role", "Translator"),
    }
    return words[role]() if role in words else role


def reach_word(rights: list[str] | None) -> str:
    """How much an API key may do."""
    if rights is None:
        return pgettext("API key", "Everything that I may do")
    if all(right.endswith(".see") for right in rights):
        return pgettext("API key", "Only look, change nothing")
    return ", ".join(rights)


def weakness_words(weakness: Weakness) -> str:
    """What is wrong with a password and what to do about it."""
    if weakness == "short":
        text = ngettext("Enter at least {n} character.", "Enter at least {n} characters.", MIN_PASSWORD)
        return text.format(n=number(MIN_PASSWORD))
    if weakness == "long":
        text = ngettext("Enter at most {n} character.", "Enter at most {n} characters.", MAX_PASSWORD)
        return text.format(n=number(MAX_PASSWORD))
    words: dict[str, Callable[[], str]] = {
        "about_you": lambda: _("This is too close to your name or e-mail address. Enter something else."),
        "repeated": lambda: _("This repeats the same few characters. Enter several unrelated words."),
        "sequential": lambda: _("This follows the alphabet or the keyboard. Enter several unrelated words."),
        "common": lambda: _("Many people use this password, so it is tried first. Enter several unrelated words."),
    }
    return words[weakness]()


def agent_words(agent: str) -> str:
    """A browser and its system: "Firefox, Windows". The order matters: Edge also calls itself Chrome."""
    browsers = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
    names = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS"}
    found = [next((name for name in group if name in agent), "") for group in (browsers, systems)]
    return ", ".join(names.get(name, name) for name in found if name) or _("Unknown browser")

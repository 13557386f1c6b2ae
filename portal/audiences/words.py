"""The words of criteria. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.audiences.rules import Found
from portal.formats import number
from portal.i18n import _, ngettext, pgettext


def operator(kind: str, op: str) -> str:
    """How a field is compared, between its name and the value."""
    words: dict[str, Callable[[], str]] = {
        "contains": lambda: pgettext("criteria", "contains"),
        "not_contains": lambda: pgettext("criteria", "does not contain"),
        "is": lambda: pgettext("criteria", "is one of") if kind == "choice" else pgettext("criteria", "is"),
        "is_not": lambda: pgettext("criteria", "is none of") if kind == "choice" else pgettext("criteria", "is not"),
        "starts": lambda: pgettext("criteria", "begins with"),
        "filled": lambda: pgettext("criteria", "is filled in"),
        "empty": lambda: pgettext("criteria", "is empty"),
        "has": lambda: pgettext("criteria", "have one of"),
        "has_all": lambda: pgettext("criteria", "have all of"),
        "has_not": lambda: pgettext("criteria", "have none of"),
        "equals": lambda: pgettext("criteria", "is exactly"),
        "least": lambda: pgettext("criteria", "is at least"),
        "most": lambda: pgettext("criteria", "is at most"),
        "last": lambda: pgettext("criteria", "in the last … days"),
        "ago": lambda: pgettext("criteria", "more than … days ago"),
        "next": lambda: pgettext("criteria", "in the next … days"),
        "closing": lambda: pgettext("criteria", "in the … days before the closing"),
        "early": lambda: pgettext("criteria", "more than … days before the closing"),
        "on": lambda: pgettext("criteria", "on"),
        "after": lambda: pgettext("criteria", "after"),
        "before": lambda: pgettext("criteria", "before"),
        "yes": lambda: pgettext("criteria", "yes"),
        "no": lambda: pgettext("criteria", "no"),
        "in": lambda: pgettext("criteria", "yes, this one"),
        "not_in": lambda: pgettext("criteria", "no, not this one"),
    }
    return words[op]()


def problem(found: Found) -> str:
    """What is wrong with a rule, beside it."""
    words: dict[str, Callable[[], str]] = {
        "gone": lambda: _("This field does not exist any more. Choose another one, or remove the rule."),
        "operator": lambda: _("This field cannot be compared like this. Choose another comparison."),
        "missing": lambda: _("Enter what to compare with, or remove the rule."),
        "value_gone": lambda: _(
            "What was chosen here is gone, or you may not see it. Choose again, or remove the rule."
        ),
        "not_a_number": lambda: _("Enter a number."),
        "not_a_day": lambda: _("Enter a day."),
        "days": lambda: _("Enter a whole number of days, up to 3,650."),
        "against": lambda: _("This rule and one above it can never hold together, so nobody is found."),
    }
    return words[found.code]()


def counted(module: str, amount: int, exact: bool = True) -> str:
    """How many there are; an estimate says so."""
    n = number(amount)
    if module == "dossiers":
        if not exact:
            return ngettext("About {n} dossier", "About {n} dossiers", amount).format(n=n)
        return ngettext("{n} dossier", "{n} dossiers", amount).format(n=n)
    if not exact:
        return ngettext("About {n} person", "About {n} people", amount).format(n=n)
    return ngettext("{n} person", "{n} people", amount).format(n=n)


def mend() -> str:
    """Why there is no number."""
    return _("Finish the rules to see whom they mean.")


def unreadable() -> str:
    """Why criteria from elsewhere are refused."""
    return _("These criteria cannot be read.")


def goes_round(name: str) -> str:
    """Why views may not name each other in a circle."""
    return _("The view “{name}” depends on itself. Take it out of its own criteria.").format(name=name)


def module_word(module: str) -> str:
    """What a view lists."""
    words: dict[str, Callable[[], str]] = {
        "dossiers": lambda: _("Dossiers"),
        "candidates": lambda: pgettext("people", "Candidates"),
        "contacts": lambda: pgettext("people", "Contacts"),
        "companies": lambda: pgettext("people", "Companies"),
    }
    return words[module]()

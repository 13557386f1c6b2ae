"""What people send about themselves."""

from __future__ import annotations

from portal.accounts.rules import MAX_PASSWORD
from portal.i18n import LOCALES, _, autonym, pgettext
from portal.web.fields import Choice, Integer, Options, Secret, Text
from portal.web.forms import Form
from portal.web.zone import Zone

LONGEST_EMAIL, LONGEST_PATH = 254, 2_000


class LoginForm(Form):
    """Who signs in, and where to go then."""

    email = Text(longest=LONGEST_EMAIL, missing=lambda: _("Enter your e-mail address."))
    password = Secret(longest=MAX_PASSWORD, missing=lambda: _("Enter your password."))
    next = Text(longest=LONGEST_PATH, required=False)


class NextForm(Form):
    """Where to go when signing in is done."""

    next = Text(longest=LONGEST_PATH, required=False)


class CodeForm(NextForm):
    """A code of the app, or a recovery code."""

    code = Text(longest=60, missing=lambda: _("Enter the code."))


class ProfileForm(Form):
    """One's name, language and clock."""

    name = Text(longest=120, missing=lambda: _("Enter the name of the person."))
    locale = Choice(*LOCALES)
    time_zone = Zone()
    version = Integer()


class PasswordForm(Form):
    """The current password and the next."""

    prefix = "password-"
    current = Secret(longest=MAX_PASSWORD, missing=lambda: _("Enter your current password."))
    new = Secret(longest=MAX_PASSWORD, missing=lambda: _("Enter a new password."))


class HandleForm(Form):
    """One of the sessions."""

    prefix = "session-"
    handle = Text(longest=64)


class KeyForm(Form):
    """What a new key may do."""

    prefix = "key-"
    reach = Choice("all", "see")


def languages() -> Options:
    """The languages by their own names."""
    return [(locale, autonym(locale)) for locale in LOCALES]


def reaches() -> Options:
    """How much a key may do."""
    return [
        ("all", pgettext("API key", "Everything that I may do")),
        ("see", pgettext("API key", "Only look, change nothing")),
    ]


def labels() -> dict[str, str]:
    """What the fields of the profile are called beside each other when somebody was faster."""
    return {"name": pgettext("person", "Name"), "locale": _("Language"), "time_zone": _("Time zone")}

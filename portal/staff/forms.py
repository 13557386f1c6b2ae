"""What administrators say about colleagues, and colleagues about themselves when they join."""

from __future__ import annotations

from portal.accounts import queries as accounts
from portal.accounts.forms import LONGEST_EMAIL, languages
from portal.accounts.rules import MAX_PASSWORD
from portal.accounts.words import right_words, role_word
from portal.i18n import LOCALES, _, text_in
from portal.staff.queries import Colleague
from portal.staff.rules import NAME_LIMIT
from portal.web.fields import Choice, Choices, Email, IdChoice, Integer, Options, Secret, Text
from portal.web.forms import Form
from portal.web.zone import Zone


class InvitationForm(Form):
    """Whom to invite."""

    prefix = "new-"
    email = Email()
    name = Text(longest=120, missing=lambda: _("Enter the name of the person."))
    locale = Choice(*LOCALES)
    roles = Choices(required=True, missing=lambda: _("Choose at least one role."))


class ColleagueForm(Form):
    """Name and roles of an account."""

    name = Text(longest=120, missing=lambda: _("Enter the name of the person."))
    roles = Choices(required=True, missing=lambda: _("Choose at least one role."))
    version = Integer()


class PlaceForm(Form):
    """A campaign, and as what."""

    prefix = "place-"
    campaign = IdChoice()
    role = Choice("evaluator", "manager")


class LeavingForm(Form):
    """Who takes over; nobody: 0."""

    heir = IdChoice(required=False)


class FactorForm(Form):
    """The roles that must have a second factor."""

    prefix = "factor-"
    roles = Choices()


class RoleForm(Form):
    """A role: its name and its permissions."""

    name = Text(longest=NAME_LIMIT, missing=lambda: _("Enter a name."))
    rights = Choices(required=True, missing=lambda: _("Choose at least one permission."))
    version = Integer(required=False)


class AddressForm(Form):
    """Whose password is forgotten."""

    email = Text(longest=LONGEST_EMAIL, missing=lambda: _("Enter your e-mail address."))


class JoiningForm(Form):
    """Whoever was invited, about themselves."""

    name = Text(longest=120, missing=lambda: _("Enter your name."))
    locale = Choice(*LOCALES)
    time_zone = Zone()
    password = Secret(longest=MAX_PASSWORD, missing=lambda: _("Enter a password."))


class NewPasswordForm(Form):
    """Instead of the forgotten one."""

    password = Secret(longest=MAX_PASSWORD, missing=lambda: _("Enter a new password."))


async def role_options() -> Options:
    """All roles: those of the house, then those that administrators made."""
    return list((await accounts.role_labels()).items())


def right_options() -> Options:
    """All permissions, in the order of their groups."""
    return [option for _heading, options in right_words() for option in options]


def place_choices(campaigns: list[tuple[int, dict[str, str]]]) -> dict[str, Options]:
    """For PlaceForm."""
    roles = [(each, role_word(each)) for each in ("evaluator", "manager")]
    return {"campaign": [(number, text_in(title)) for number, title in campaigns], "role": roles}


def colleague_form(colleague: Colleague, roles: Options) -> ColleagueForm:
    """An account as a form."""
    values = {"name": colleague.name, "roles": colleague.roles, "version": colleague.version}
    return ColleagueForm(values, choices={"roles": roles})


def invitation_choices(roles: Options) -> dict[str, Options]:
    """For InvitationForm."""
    return {"roles": roles, "locale": languages()}

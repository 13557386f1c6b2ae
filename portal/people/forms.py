"""The forms of people."""

from __future__ import annotations

from portal.i18n import LOCALES, current_locale, language_name
from portal.people.actions import LONGEST_NAME, PersonDraft
from portal.people.queries import Person
from portal.web.fields import Choice, Email, Integer, Options, Text
from portal.web.forms import Form


class PersonForm(Form):
    """A person's record."""

    first_name = Text(longest=LONGEST_NAME, required=False)
    last_name = Text(longest=LONGEST_NAME, required=False)
    email = Email(required=False)
    locale = Choice()
    version = Integer(required=False)

    def draft(self, kind: str) -> PersonDraft:
        """What the action takes."""
        names = {"first_name": self.first_name, "last_name": self.last_name}
        return PersonDraft(kind=kind, email=self.email, locale=self.locale, **names)


def choices() -> dict[str, Options]:
    """For PersonForm."""
    return {"locale": [(each, language_name(each)) for each in LOCALES]}


def empty() -> PersonForm:
    """The form for a new person; most people read the language of whoever adds them."""
    return PersonForm({"locale": current_locale.get()}, choices=choices())


def of_person(person: Person) -> PersonForm:
    """The record as it is."""
    values = {name: getattr(person, name) for name in ("first_name", "last_name", "email", "locale", "version")}
    return PersonForm(values, choices=choices())

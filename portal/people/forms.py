"""The forms of people."""

from __future__ import annotations

from portal.countries import countries
from portal.i18n import LOCALES, _, current_locale, language_name
from portal.people import queries
from portal.people.actions import LONGEST_NAME, LONGEST_PHONE, PersonDraft
from portal.people.companies import LONGEST, Company, CompanyDraft
from portal.people.queries import Person
from portal.web.fields import Choice, Email, IdChoice, Integer, Options, Text
from portal.web.forms import Form


class PersonForm(Form):
    """A person's record."""

    first_name = Text(longest=LONGEST_NAME, required=False)
    last_name = Text(longest=LONGEST_NAME, required=False)
    email = Email(required=False)
    locale = Choice()
    phone = Text(longest=LONGEST_PHONE, required=False)
    company = Text(longest=LONGEST["name"], required=False)
    owner_id = IdChoice(required=False)
    tags = Text(longest=1_600, required=False)
    version = Integer(required=False)

    def draft(self, kind: str) -> PersonDraft:
        """What the action takes."""
        return PersonDraft(
            kind=kind,
            email=self.email,
            first_name=self.first_name,
            last_name=self.last_name,
            locale=self.locale,
            company=self.company,
            owner_id=self.owner_id or None,
            phone=self.phone,
            tags=tuple(self.tags.split(",")),
        )


class CompanyForm(Form):
    """A company."""

    name = Text(longest=LONGEST["name"], missing=lambda: _("Enter a name."))
    sector = Text(longest=LONGEST["sector"], required=False)
    country = Choice(required=False)
    city = Text(longest=LONGEST["city"], required=False)
    website = Text(longest=LONGEST["website"], required=False)
    version = Integer(required=False)

    def draft(self) -> CompanyDraft:
        """What the action takes."""
        names = ("name", "sector", "country", "city", "website")
        return CompanyDraft(**{name: self.values[name] for name in names})


def of_company(company: Company) -> CompanyForm:
    """The company as it is."""
    names = ("name", "sector", "country", "city", "website", "version")
    return CompanyForm({name: getattr(company, name) for name in names}, choices={"country": countries()})


async def choices(person: Person | None = None) -> dict[str, Options]:
    """For PersonForm. `person`: whose owner stays on offer, whatever happened to the account."""
    owners = await queries.owners()
    if person and person.owner_id and person.owner_id not in dict(owners):
        owners.append((person.owner_id, person.owner))
    return {"locale": [(each, language_name(each)) for each in LOCALES], "owner_id": owners}


async def empty() -> PersonForm:
    """The form for a new person; most people read the language of whoever adds them."""
    return PersonForm({"locale": current_locale.get()}, choices=await choices())


async def of_person(person: Person) -> PersonForm:
    """The record as it is."""
    names = ("first_name", "last_name", "email", "locale", "phone", "company", "version")
    values = {name: getattr(person, name) for name in names}
    beside = {"owner_id": person.owner_id or 0, "tags": ", ".join(person.tags)}
    return PersonForm(values | beside, choices=await choices(person))

"""What administrators send about the organisation."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal.i18n import LOCALES, _, autonym
from portal.organisation.limits import ZONES, Limits
from portal.organisation.queries import DomainLimit, OrganisationRow, SenderRow
from portal.organisation.rules import RESEND, colour, web_address
from portal.organisation.words import day_word, resend_word
from portal.web.fields import Choice, Email, Field, File, Flag, IdChoice, Integer, Invalid, Options, Text, Texts
from portal.web.forms import Form
from portal.web.zone import Zone

LARGEST_CAP = 1_000_000
MOST_CONNECTIONS = 200


class Colour(Field[str]):
    """A colour as `#1f5c4d`, or without the #."""

    def __init__(self) -> None:
        super().__init__("", missing=lambda: _("Enter a colour such as #1f5c4d."))

    def parse(self, text: str, options: Options) -> str:
        found = colour(text) or colour(f"#{text}")
        if found is None:
            raise Invalid(self.say_missing())
        return found


class WebAddress(Field[str]):
    """An http(s) address; https:// may be left out."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__("", required=required)

    def parse(self, text: str, options: Options) -> str:
        found = web_address(text)
        if found is None:
            raise Invalid(_("Enter a web address such as https://example.org."))
        return found


class OrganisationForm(Form):
    """Who we are. How it looks is on the page of the brand."""

    name = Text(longest=120, missing=lambda: _("Enter a name."))
    website = WebAddress(required=False)
    locale = Choice(*LOCALES)
    time_zone = Zone()
    sender_id = IdChoice(missing=lambda: _("Choose an address that is verified."))
    resend_uncertain = Choice(*RESEND)
    version = Integer()

    def row(self, now: OrganisationRow) -> OrganisationRow:
        """The organisation as the form describes it; the rest as it is now."""
        return msgspec.structs.replace(now, **{name: self[name] for name in self.fields})


class BrandForm(Form):
    """How letters and public pages look. `locale` is the language of the preview."""

    logo = File(required=False)
    without_logo = Flag()
    brand_colour = Colour()
    postal_address = Text(longest=500, lines=True, required=False)
    footer = Texts(longest=500, lines=True, required=False)
    locale = Choice(*LOCALES, required=False)
    version = Integer()


class NewSenderForm(Form):
    """An address to write from."""

    prefix = "new-"
    address = Email()
    name = Text(longest=120, required=False)
    daily_cap = Integer(most=LARGEST_CAP, required=False)
    verified = Flag()


class SenderForm(Form):
    """What can change about an address to write from."""

    name = Text(longest=120, required=False)
    daily_cap = Integer(most=LARGEST_CAP, required=False)
    per_minute = Integer(least=1, most=LARGEST_CAP, required=False)


class DomainForm(Form):
    """What a receiving domain is held to."""

    per_minute = Integer(least=1, most=LARGEST_CAP, required=False)
    connections = Integer(least=1, most=MOST_CONNECTIONS, required=False)


class NewDomainForm(DomainForm):
    """A receiving domain that wants it slower."""

    prefix = "new-"
    domain = Text(longest=253, missing=lambda: _("Enter a domain such as example.org."))


class LimitsForm(Form):
    """What mass mail is held to."""

    mass_cap = Integer(most=LARGEST_CAP, required=False)
    account_cap = Integer(most=LARGEST_CAP, required=False)
    limit_zone = Choice(*ZONES)
    person_cap = Integer(least=1, most=LARGEST_CAP, required=False)
    person_cap_days = Integer(least=1, most=90)
    approval_over = Integer(most=LARGEST_CAP, required=False)
    trial_mode = Flag()
    slots = Integer(least=1, most=100)
    slot_minutes = Integer(least=1, most=1440)
    drift_percent = Integer(most=100)
    version = Integer()

    def limits(self) -> Limits:
        """The limits as the form describes them."""
        values = {name: self[name] for name in self.fields}
        caps = ("mass_cap", "account_cap", "person_cap", "approval_over")
        return Limits(**{**values, **{name: cap(self, name) for name in caps}})


def cap(form: Form, name: str = "daily_cap") -> int | None:
    """A limit of a form; None: no limit. An explicit 0 is a limit."""
    return form[name] if form.shown(name).strip() else None


def limits(form: Form, domain: str) -> DomainLimit:
    """The limits of a domain as the form has them."""
    return DomainLimit(domain, cap(form, "per_minute"), cap(form, "connections"))


def choices(senders: Sequence[SenderRow]) -> dict[str, Options]:
    """What the selects of the organisation's form offer."""
    usable = [(sender.id, sender.address) for sender in senders if sender.usable]
    again = [(each, resend_word(each)) for each in RESEND]
    return {
        "locale": [(locale, autonym(locale)) for locale in LOCALES],
        "sender_id": usable,
        "resend_uncertain": again,
    }


def limit_choices(zone: str) -> dict[str, Options]:
    """What the select of the limits' form offers; `zone`: the organisation's."""
    return {"limit_zone": [(each, day_word(each, zone)) for each in ZONES]}


def limit_labels() -> dict[str, str]:
    """What the limits are called."""
    return {
        "mass_cap": _("Mass mail a day"),
        "account_cap": _("Of it, started by one colleague"),
        "limit_zone": _("The day begins at midnight in"),
        "person_cap": _("Optional e-mails to one person"),
        "person_cap_days": _("within so many days"),
        "approval_over": _("Mailings to more than so many need approval"),
        "trial_mode": _("Trial mode: only colleagues’ addresses get mass mail"),
        "slots": _("Mailings that may begin at about the same time"),
        "slot_minutes": _("“About the same time” means, in minutes"),
        "drift_percent": _("Ask when a schedule’s audience has changed by more than (%)"),
    }


def labels() -> dict[str, str]:
    """What the fields are called beside each other when somebody was faster."""
    return {
        "name": _("Name"),
        "website": _("Website"),
        "sender_id": _("Letters leave from"),
        "locale": _("Default language"),
        "time_zone": _("Time zone"),
        "resend_uncertain": _("E-mails that were not confirmed"),
    }


def brand_labels() -> dict[str, str]:
    """The same for the brand."""
    return {
        "brand_colour": _("Brand colour"),
        "postal_address": _("Postal address"),
        "footer": _("Under every letter"),
    }

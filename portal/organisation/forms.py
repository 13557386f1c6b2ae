"""What administrators send about the organisation."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal.i18n import LOCALES, _, autonym
from portal.organisation.queries import DomainLimit, OrganisationRow, SenderRow
from portal.organisation.rules import RESEND, colour, web_address
from portal.organisation.words import resend_word
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

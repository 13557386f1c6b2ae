"""The page of the brand, beside a letter that shows what is being chosen. For administrators."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromQuery

from portal.emails import defaults, fields
from portal.emails import queries as emails
from portal.emails.letters import Brand, Variant, render
from portal.emails.markup import reduce
from portal.emails.preview import here
from portal.i18n import LOCALES, _, autonym
from portal.organisation import brand
from portal.organisation.forms import BrandForm, brand_labels
from portal.outcomes import Refused, Stale
from portal.pictures import actions as picture_actions
from portal.pictures import queries as pictures
from portal.pictures.encoding import ACCEPT
from portal.settings import settings
from portal.web.conflicts import conflict
from portal.web.htmx import Request
from portal.web.pages import letter, page, see
from portal.web.rights import needs

HERE = "/settings/brand"
RIGHT = needs("organisation.edit")
SAMPLE = "acceptance"  # the letter that is shown


@get(HERE, opt=RIGHT)
async def brand_page(request: Request, locale: FromQuery[str] = "") -> Response[Any]:
    """What letters look like, and what can be chosen about it."""
    shown = locale if locale in LOCALES else request.user.locale
    return await _page(request, _filled(await brand.current(), shown))


@post(HERE, opt=RIGHT, status_code=303)
async def change_brand(request: Request) -> Response[Any]:
    """Change it."""
    form = await BrandForm.read(request, choices=_choices())
    if form.valid:
        try:
            await brand.change(await _wanted(request, form), request.user)
            return see(request, HERE, _("Saved. Letters that leave from now on look like this."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            theirs = _filled(stale.theirs, form.locale)
            return conflict(request, stale, form, theirs, labels=brand_labels(), action=HERE, back=HERE)
    return await _page(request, form, status_code=422)


async def _wanted(request: Request, form: BrandForm) -> brand.Look:
    now = await brand.current()
    logo_id = None if form.without_logo else now.logo_id
    if form.logo:
        made = await picture_actions.add(form.logo.filename, await form.logo.read(), request.user, field="logo")
        logo_id = made.id
    return brand.Look(logo_id, form.brand_colour, form.postal_address, form.footer, form.version)


@get(HERE + "/letter", opt=RIGHT)
async def saved_letter(request: Request, locale: FromQuery[str] = "") -> Response[str]:
    """A letter in the brand as it is, for the frame."""
    shown = locale if locale in LOCALES else request.user.locale
    return letter(_sample(await emails.brand(), shown))


@post(HERE + "/letter", opt=RIGHT, status_code=200)
async def unsaved_letter(request: Request) -> Response[str]:
    """A letter in the brand as it is being chosen; a new logo shows when it is saved."""
    form = await BrandForm.read(request, choices=_choices())
    now = await emails.brand()
    tried = msgspec.structs.replace(
        now,
        colour=now.colour if "brand_colour" in form.errors else form.brand_colour,
        postal_address=form.postal_address,
        footer=tuple(sorted(form.footer.items())),
        logo=None if form.without_logo else now.logo,
    )
    return letter(_sample(tried, form.locale or request.user.locale))


def _sample(shown: Brand, locale: str) -> str:
    """The default letter of an acceptance to an invented person, as optional mail: with all that stands below."""
    texts = {each: (subject, body) for each, subject, body in defaults.variants(SAMPLE)}
    subject, body = texts[locale]
    facts = fields.sample_facts(locale, shown.name, shown.name, settings().base_url.rstrip("/"))
    variant = Variant(locale, subject, body=reduce(body), optional=True)
    return render(variant, fields.values(facts, locale), here(shown), locale).html


def _choices() -> dict[str, Any]:
    return {"locale": [(locale, autonym(locale)) for locale in LOCALES]}


def _filled(look: brand.Look, locale: str) -> BrandForm:
    names = ("brand_colour", "postal_address", "footer", "version")
    return BrandForm({name: getattr(look, name) for name in names} | {"locale": locale}, choices=_choices())


async def _page(request: Request, form: BrandForm, status_code: int = 200) -> Response[Any]:
    logo = await pictures.one((await brand.current()).logo_id)
    return page(request, "organisation/brand.html", status_code=status_code, form=form, logo=logo, accept=ACCEPT)


routes: list[Any] = [brand_page, change_brand, saved_letter, unsaved_letter]

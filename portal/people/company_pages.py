"""Pages of companies: the list, one with its people, making and changing one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.countries import CODES, countries, country_name
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.people import companies, words
from portal.people.companies import LATEST
from portal.people.forms import CompanyForm, of_company
from portal.web.conflicts import conflict
from portal.web.field import clean
from portal.web.htmx import Request
from portal.web.lists import asked, chips
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("person.edit")
PATH = "/people/companies"
ONE = PATH + "/{company_id:int}"


@get(PATH, opt=EDIT)
async def company_list(request: Request, q: FromQuery[str] = "", country: FromQuery[str] = "") -> Response[Any]:
    """Those that people belong to."""
    q, country = clean(q)[:200], country if country in CODES else ""
    found = await companies.search(q, country, asked(request, LATEST))
    query = {"q": q, "country": country}
    active = [("q", _("Search: {words}").format(words=q))] if q else []
    active += [("country", _("Country: {country}").format(country=country_name(country)))] if country else []
    return page(
        request,
        "people/companies.html",
        found=found,
        some=bool(found) or await companies.any_at_all(),
        query=query,
        chips=chips(PATH, active, query),
        countries=countries(),
        country_name=country_name,
        path=PATH,
    )


@get(PATH + "/new", opt=EDIT)
async def new_company_page(request: Request) -> Response[Any]:
    """The form for a company."""
    return _form(request, CompanyForm(choices={"country": countries()}))


@post(PATH + "/new", opt=EDIT, status_code=303)
async def create_company(request: Request) -> Response[Any]:
    """Add a company."""
    form = await CompanyForm.read(request, choices={"country": countries()})
    if form.valid:
        try:
            company_id = await companies.create(request.user, form.draft())
            return see(request, f"{PATH}/{company_id}", _("Company added."))
        except Refused as refused:
            form.refuse(refused)
    return _form(request, form, status_code=422)


@get(ONE, opt=EDIT)
async def company_page(request: Request, company_id: FromPath[int]) -> Response[Any]:
    """Its facts and its people."""
    company = await companies.one(company_id)
    return page(
        request,
        "people/company.html",
        company=company,
        people=await companies.people_of(company_id),
        country=country_name(company.country) if company.country else "",
        kind_word=words.kind_word,
        path=PATH,
    )


@get(ONE + "/edit", opt=EDIT)
async def edit_company_page(request: Request, company_id: FromPath[int]) -> Response[Any]:
    """The company as a form."""
    company = await companies.one(company_id)
    return _form(request, of_company(company), company_id)


@post(ONE + "/edit", opt=EDIT, status_code=303)
async def change_company(request: Request, company_id: FromPath[int]) -> Response[Any]:
    """Save it; 409 compares when somebody was faster."""
    await companies.one(company_id)
    form = await CompanyForm.read(request, choices={"country": countries()})
    own = f"{PATH}/{company_id}/edit"
    if form.valid:
        try:
            await companies.change(request.user, company_id, form.version, form.draft())
            return see(request, f"{PATH}/{company_id}", _("Saved."))
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            labels = words.company_labels()
            return conflict(request, stale, form, of_company(stale.theirs), labels=labels, action=own, back=own)
    return _form(request, form, company_id, status_code=422)


def _form(
    request: Request, form: CompanyForm, company_id: int | None = None, *, status_code: int = 200
) -> Response[Any]:
    here = f"{PATH}/{company_id}" if company_id else ""
    return page(
        request,
        "people/company_form.html",
        status_code=status_code,
        form=form,
        labels=words.company_labels(),
        action=f"{here}/edit" if here else f"{PATH}/new",
        back=here or PATH,
    )


routes: list[Any] = [
    company_list, new_company_page, create_company, company_page, edit_company_page, change_company,
]  # fmt: skip

"""Pages of programmes: each with its campaigns, one programme, its deletion."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.campaigns import programmes, queries, words
from portal.campaigns.forms import LONGEST_DESCRIPTION, TextsForm
from portal.campaigns.programmes import Programme
from portal.i18n import _
from portal.outcomes import Stale
from portal.web.conflicts import conflict
from portal.web.fields import Integer, Texts
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

SEE, EDIT = needs("campaign.see"), needs("programme.edit")
PROGRAMMES, PROGRAMME = "/programmes", "/programmes/{programme_id:int}"


class ProgrammeForm(TextsForm):
    """A programme."""

    title = Texts(missing=lambda: _("Enter the title."))
    description = Texts(longest=LONGEST_DESCRIPTION, lines=True, required=False)
    version = Integer(required=False)


@get(PROGRAMMES, opt=SEE)
async def programme_list(request: Request) -> Response[Any]:
    """Each programme with the campaigns of it that one may see."""
    mine = await queries.list_for(request.user)
    every = await programmes.every()
    grouped = [(each, [row for row in mine if row.programme_id == each.id]) for each in every]
    return page(request, "campaigns/programmes.html", grouped=grouped)


@get(f"{PROGRAMMES}/new", opt=EDIT)
async def new_programme_page(request: Request) -> Response[Any]:
    """The form for one more programme."""
    return _programme(request, None, ProgrammeForm())


@post(f"{PROGRAMMES}/new", opt=EDIT, status_code=303)
async def add_programme(request: Request) -> Response[Any]:
    """Add a programme."""
    form = await ProgrammeForm.read(request)
    if not form.valid:
        return _programme(request, None, form, status_code=422)
    await programmes.add(request.user, form.title, form.description)
    return see(request, PROGRAMMES, _("Programme added."))


@get(PROGRAMME, opt=EDIT)
async def programme_page(request: Request, programme_id: FromPath[int]) -> Response[Any]:
    """One programme's texts."""
    programme = await programmes.one(programme_id)
    return _programme(request, programme, _filled(programme))


@post(PROGRAMME, opt=EDIT, status_code=303)
async def change_programme(request: Request, programme_id: FromPath[int]) -> Response[Any]:
    """Save a programme; 409 compares when somebody was faster."""
    programme = await programmes.one(programme_id)
    form = await ProgrammeForm.read(request)
    if not form.valid:
        return _programme(request, programme, form, status_code=422)
    try:
        await programmes.change(request.user, programme_id, form.version, form.title, form.description)
    except Stale as stale:
        own, labels = f"{PROGRAMMES}/{programme_id}", words.programme_labels()
        return conflict(request, stale, form, _filled(stale.theirs), labels=labels, action=own, back=own)
    return see(request, PROGRAMMES, _("Saved."))


@get(f"{PROGRAMME}/delete", opt=EDIT)
async def delete_programme_page(request: Request, programme_id: FromPath[int]) -> Response[Any]:
    """Say what happens to its campaigns before it goes."""
    programme = await programmes.one(programme_id)
    campaigns = await programmes.campaigns_of(programme_id)
    return page(request, "campaigns/delete_programme.html", programme=programme, campaigns=campaigns)


@post(f"{PROGRAMME}/delete", opt=EDIT, status_code=303)
async def delete_programme(request: Request, programme_id: FromPath[int]) -> Response[Any]:
    """Delete a programme; its campaigns stay."""
    programme = await programmes.one(programme_id)
    await programmes.remove(request.user, programme_id)
    return see(request, PROGRAMMES, _("Programme “{programme}” deleted.").format(programme=programme.name))


def _filled(programme: Programme) -> ProgrammeForm:
    return ProgrammeForm({name: getattr(programme, name) for name in ProgrammeForm().fields})


def _programme(
    request: Request, programme: Programme | None, form: ProgrammeForm, *, status_code: int = 200
) -> Response[Any]:
    labels, template = words.programme_labels(), "campaigns/programme.html"
    return page(request, template, status_code=status_code, programme=programme, form=form, labels=labels)


routes = [
    programme_list, new_programme_page, add_programme, programme_page, change_programme,
    delete_programme_page, delete_programme,
]  # fmt: skip

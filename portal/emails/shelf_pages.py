"""Pages of a template's place in the library: what it is for, whose it is, where it is used; copies; the archive."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.accounts.rules import ROLES
from portal.emails import actions, library, queries, shelving
from portal.emails.library import TemplateRow
from portal.emails.shelving import LONGEST_NOTE, Place
from portal.i18n import _
from portal.outcomes import Refused
from portal.web import fields
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs
from portal.web.templating import url

TEMPLATES = "/templates"
ONE = TEMPLATES + "/{template_id:int}"
SEE, EDIT = needs("template.see"), needs("template.edit")
WRITERS = [role for role, rights in ROLES.items() if "template.edit" in rights]


class PlaceForm(Form):
    """How a template stands in the library."""

    note = fields.Text(longest=LONGEST_NOTE, lines=True, required=False)
    labels = fields.Text(longest=500, required=False)
    owner_id = fields.IdChoice(required=False)
    shared = fields.Flag()

    def place(self) -> Place:
        """What the form asks for."""
        labels = tuple(self.labels.split(","))
        return Place(note=self.note, labels=labels, shared=self.shared, owner_id=self.owner_id or None)


@get(ONE + "/about", opt=SEE)
async def about_page(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """What a template is for, whose it is, and which automatic e-mails use it."""
    row = await library.one(request.user, template_id)
    values = {"note": row.note, "labels": ", ".join(row.labels), "owner_id": row.owner_id or 0, "shared": row.shared}
    return await _about_page(request, row, PlaceForm(values, choices=await _offer(row)))


@post(ONE + "/about", opt=EDIT, status_code=303)
async def describe(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Change its note, labels, owner and sharing."""
    row = await library.one(request.user, template_id)
    form = await PlaceForm.read(request, choices=await _offer(row))
    if form.valid:
        try:
            await shelving.describe(template_id, form.place(), request.user)
            return see(request, f"{TEMPLATES}/{template_id}/about", _("Saved."))
        except Refused as refused:
            form.refuse(refused)
    return await _about_page(request, row, form, status_code=422)


async def _offer(row: TemplateRow) -> dict[str, fields.Options]:
    return {"owner_id": await library.owners(WRITERS, row.owner_id)}


async def _about_page(request: Request, row: TemplateRow, form: Form, status_code: int = 200) -> Response[Any]:
    uses = await library.uses(request.user, row.id)
    known = await library.labels(request.user)
    return page(request, "emails/about.html", status_code=status_code, row=row, form=form, uses=uses, known=known)


@post(ONE + "/copy", opt=EDIT, status_code=303)
async def copy(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Make one's own from it."""
    await library.one(request.user, template_id)
    made = await actions.copy(template_id, request.user)
    return see(request, f"{TEMPLATES}/{made}", _("Template copied: {name}").format(name=await _name(made)))


async def _name(template_id: int) -> str:
    return (await queries.current(template_id)).name


@get(ONE + "/archive", opt=EDIT)
async def archive_page(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Ask before a template is put away."""
    row = await library.one(request.user, template_id)
    return page(request, "emails/archive.html", row=row)


@post(ONE + "/archive", opt=EDIT, status_code=303)
async def archive(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Put it away."""
    row = await library.one(request.user, template_id)
    try:
        await shelving.archive(template_id, request.user)
    except Refused as refused:
        return page(request, "emails/archive.html", status_code=422, row=row, refused=refused.message)
    return see(request, TEMPLATES, _("Template archived."))


@post(ONE + "/restore", opt=EDIT, status_code=303)
async def restore(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Take it out again."""
    await library.one(request.user, template_id)
    await shelving.restore(template_id, request.user)
    return see(request, url(f"{TEMPLATES}/{template_id}"), _("Template restored."))


routes: list[Any] = [about_page, describe, copy, archive_page, archive, restore]

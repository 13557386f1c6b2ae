"""The page of the documents that go with a template's letters."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.documents import disposition
from portal.emails import attaching, library
from portal.emails.forms import SeenForm
from portal.i18n import _
from portal.outcomes import Refused, Stale
from portal.web import fields
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

ONE = "/templates/{template_id:int}"
HERE = ONE + "/attachments"
SEE, EDIT = needs("template.see"), needs("template.edit")
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


class FileForm(Form):
    """A document to attach. `version`: the number that was seen."""

    file = fields.File()
    version = fields.Integer(least=1)


@get(HERE, opt=SEE)
async def attachments_page(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """The documents that go with the letters."""
    return await _page(request, template_id)


@post(HERE, opt=EDIT, status_code=303)
async def attach(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Add a document."""
    await library.one(request.user, template_id)
    form = await FileForm.read(request)
    if form.valid and form.file:
        try:
            data = await form.file.read()
            saved = await attaching.attach(template_id, form.file.filename, data, form.version, request.user)
            return see(request, _here(template_id), _("Version {number} saved.").format(number=saved.number))
        except Refused as refused:
            form.refuse(refused)
        except Stale:
            form.refuse(Refused(_("Somebody has saved another version meanwhile. Look at it first.")))
    return await _page(request, template_id, form, 422)


@post(HERE + "/{attachment_id:int}/remove", opt=EDIT, status_code=303)
async def detach(request: Request, template_id: FromPath[int], attachment_id: FromPath[int]) -> Response[Any]:
    """Take a document away."""
    await library.one(request.user, template_id)
    form = await SeenForm.read(request)
    if form.valid:
        try:
            saved = await attaching.detach(template_id, attachment_id, form.version, request.user)
            return see(request, _here(template_id), _("Version {number} saved.").format(number=saved.number))
        except Refused as refused:
            form.refuse(refused)
        except Stale:
            form.refuse(Refused(_("Somebody has saved another version meanwhile. Look at it first.")))
    return await _page(request, template_id, form, 422)


@get(HERE + "/{attachment_id:int}", opt=SEE)
async def download(request: Request, template_id: FromPath[int], attachment_id: FromPath[int]) -> Response[bytes]:
    """A document, to be saved: never opened on our pages."""
    await library.one(request.user, template_id)
    found = await attaching.content(template_id, attachment_id)
    headers = {**SAFE, "Content-Disposition": disposition(found.name)}
    return Response(found.content, media_type=found.media_type, headers=headers)


def _here(template_id: int) -> str:
    return f"/templates/{template_id}/attachments"


async def _page(request: Request, template_id: int, form: Form | None = None, status_code: int = 200) -> Response[Any]:
    row, version = await library.opened(request.user, template_id)
    return page(
        request,
        "emails/attachments.html",
        status_code=status_code,
        row=row,
        version=version,
        form=form or FileForm({"version": version.number}),
        accept=attaching.ACCEPT,
        largest=attaching.LARGEST,
        most=attaching.MOST,
    )


routes: list[Any] = [attachments_page, attach, detach, download]

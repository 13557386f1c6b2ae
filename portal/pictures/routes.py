"""Pictures for everybody under their keys; the gallery, and adding one, for those who write templates."""

from __future__ import annotations

import re
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery

from portal.i18n import _
from portal.outcomes import Missing, Refused
from portal.pictures import actions, queries
from portal.pictures.encoding import ACCEPT
from portal.pictures.queries import Picture
from portal.web import fields
from portal.web.assets import FOR_EVER
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.lists import asked
from portal.web.pages import page, see
from portal.web.rights import needs, public

GALLERY = "/templates/pictures"
KEY = re.compile(r"[0-9a-f]{32}")
# Mail programs show them on pages of their own; whatever happens, nothing in one can run.
SERVED = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}


class PictureForm(Form):
    """A picture to add."""

    picture = fields.File(missing=lambda: _("Choose a picture."))


@get("/pictures/{key:str}", opt=public(), cache_control=FOR_EVER, include_in_schema=False)
async def picture(key: FromPath[str]) -> Response[bytes]:
    """A picture. It never changes: whoever has it may keep it."""
    found = await queries.content(key) if KEY.fullmatch(key) else None
    if found is None:
        raise Missing
    media_type, content = found
    return Response(content, media_type=media_type, headers=SERVED)


@get(GALLERY, opt=needs("template.see"))
async def gallery(request: Request, q: FromQuery[str] = "") -> Response[Any]:
    """All pictures, newest first, with what one writes into a letter to show them."""
    return await _gallery(request, PictureForm(), q)


@post(GALLERY, opt=needs("template.edit"), status_code=303)
async def add(request: Request) -> Response[Any]:
    """Add a picture on the page."""
    form = await PictureForm.read(request)
    if form.valid:
        try:
            made = await _added(request, form.picture)
            return see(request, GALLERY, _("Picture added: {name}").format(name=made.name))
        except Refused as refused:
            form.refuse(refused)
    return await _gallery(request, form, status_code=422)


@post(GALLERY + "/upload", opt=needs("template.edit"), status_code=201)
async def upload(request: Request) -> Response[Any]:
    """Add a picture from within the editor, which wants its address and size, or the sentence to show."""
    form = await PictureForm.read(request)
    if form.valid:
        try:
            made = await _added(request, form.picture)
            return Response({"url": made.path, "width": made.width, "height": made.height}, status_code=201)
        except Refused as refused:
            form.refuse(refused)
    return Response({"problem": " ".join(form.errors.values())}, status_code=422)


async def _added(request: Request, file: UploadFile | None) -> Picture:
    assert file
    return await actions.add(file.filename, await file.read(), request.user)


async def _gallery(request: Request, form: Form, q: str = "", status_code: int = 200) -> Response[Any]:
    found = await queries.latest(q, asked(request, queries.LATEST))
    return page(
        request, "pictures/gallery.html", status_code=status_code, form=form, pictures=found, q=q, accept=ACCEPT
    )


routes: list[Any] = [picture, gallery, add, upload]

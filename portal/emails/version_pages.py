"""Pages of a template's versions: the list, what one changed, back to an earlier one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.emails import actions, diffs, library, versions
from portal.emails.forms import SeenForm
from portal.emails.queries import Version
from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.timeline_words import days_of
from portal.web.forms import out_of_date
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

ONE = "/templates/{template_id:int}"
SEE, EDIT = needs("template.see"), needs("template.edit")


@get(ONE + "/versions", opt=SEE)
async def versions_page(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """All versions, newest first, and what else was done with the template."""
    row = await library.one(request.user, template_id)
    found = await versions.versions(template_id)
    events = await versions.history(template_id)
    return page(request, "emails/versions.html", row=row, versions=found, days=days_of(events))


@get(ONE + "/versions/{version_number:int}", opt=SEE)
async def version_page(
    request: Request, template_id: FromPath[int], version_number: FromPath[int], against: FromQuery[int] = 0
) -> Response[Any]:
    """What a version says differently from the one before, or from the one asked for."""
    return await _version_page(request, template_id, version_number, against)


async def _version_page(
    request: Request, template_id: int, number: int, against: int = 0, refused: str = "", status_code: int = 200
) -> Response[Any]:
    row = await library.one(request.user, template_id)
    new = await versions.numbered(template_id, number)
    old = await versions.numbered(template_id, against) if against else await _before(template_id, number)
    return page(
        request,
        "emails/version.html",
        status_code=status_code,
        row=row,
        version=new,
        found=versions.compare(old, new) if old else None,
        bodies={locale: diffs.as_it_is(each.body) for locale, each in new.variants.items()},
        versions=await versions.versions(template_id),
        refused=refused,
    )


async def _before(template_id: int, number: int) -> Version | None:
    try:
        return await versions.numbered(template_id, number - 1)
    except Missing:
        return None


@post(ONE + "/versions/{version_number:int}/restore", opt=EDIT, status_code=303)
async def restore_version(request: Request, template_id: FromPath[int], version_number: FromPath[int]) -> Response[Any]:
    """Save what an earlier version said as a new one."""
    row = await library.one(request.user, template_id)
    form = await SeenForm.read(request)
    try:
        if not form.valid:
            raise Refused(out_of_date())
        saved = await actions.restore_version(template_id, version_number, form.version, request.user)
    except Stale:
        words = _("Somebody has saved another version meanwhile. Look at it first.")
        return await _version_page(request, template_id, version_number, refused=words, status_code=409)
    except Refused as refused:
        return await _version_page(request, template_id, version_number, refused=refused.sentences, status_code=422)
    # NOTE: toast. {number}: the number of the new version; {old}: of the one it repeats
    words = _("Version {number} saved: it says what version {old} said.").format(
        number=saved.number, old=version_number
    )
    return see(request, f"/templates/{row.id}", words)


routes: list[Any] = [versions_page, version_page, restore_version]

"""The page of a template's letters that have not left and still say what an earlier version said."""

from __future__ import annotations

from collections import Counter
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.emails import library, remaking, unsent
from portal.formats import number
from portal.i18n import _, ngettext
from portal.jobs import words
from portal.jobs.queries import Job
from portal.jobs.words import Kind
from portal.outcomes import Refused, Stale
from portal.web import fields
from portal.web.forms import Form, out_of_date
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/templates/{template_id:int}/unsent"
ACT = needs("message.act")
CONFLICT = 409


class RemakeForm(Form):
    """What was seen: the version in force and how many letters wait."""

    unseen = frozenset({"version", "count"})
    version = fields.Integer(least=1)
    count = fields.Integer()


@get(HERE, opt=ACT)
async def unsent_page(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """How many wait, and what a few of them would say instead."""
    return await _page(request, template_id)


@post(HERE, opt=ACT, status_code=303)
async def remake(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """Write them again."""
    await library.one(request.user, template_id)
    form = await RemakeForm.read(request)
    if not form.valid:
        return await _page(request, template_id, out_of_date(), 422)
    try:
        done, job_id = await remaking.remake_all(template_id, form.version, form.count, request.user)
    except Stale:
        words = _("Something has changed since you opened this page: look at the number and the samples again.")
        return await _page(request, template_id, words, CONFLICT)
    except Refused as refused:
        return await _page(request, template_id, refused.message, 422)
    if job_id is not None:
        return see(request, f"/jobs/{job_id}")
    said = ngettext("{n} e-mail written again.", "{n} e-mails written again.", done)
    return see(request, f"/templates/{template_id}/unsent", said.format(n=number(done)))


async def _page(request: Request, template_id: int, refused: str = "", status_code: int = 200) -> Response[Any]:
    row, version = await library.opened(request.user, template_id)
    letters = await unsent.unsent(request.user, template_id)
    counts = Counter((letter.version, letter.locale) for letter in letters)
    return page(
        request,
        "emails/unsent.html",
        status_code=status_code,
        row=row,
        version=version,
        count=len(letters),
        counts=sorted(counts.items()),
        samples=await unsent.samples(letters, version),
        refused=refused,
    )


def _title(job: Job) -> str:
    # NOTE: name of a task. {name}: of a template, {number}: of its version
    said = _("Write unsent e-mails again: “{name}”, version {number}")
    return said.format(name=job.what.get("name", ""), number=job.what.get("number", ""))


words.register(
    remaking.JOB,
    Kind(
        title=_title,
        reasons={
            "left": lambda: _("It has left, is leaving right now, or was edited for its recipient"),
            "newer": lambda: _("Somebody has saved another version meanwhile"),
        },
        ended=lambda job: (_("To the template"), f"/templates/{job.what['template']}/unsent"),
    ),
)

routes: list[Any] = [unsent_page, remake]

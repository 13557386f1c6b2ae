"""Withdrawals as colleagues see them: made for a candidate who asks for it, and undone."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.dossiers import pending, queries, withdrawing
from portal.dossiers.forms import WithdrawalForm
from portal.i18n import _
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

EDIT = needs("dossier.edit")
WITHDRAWAL = "/dossiers/{dossier_id:int}/withdrawal"


@get(WITHDRAWAL, opt=EDIT)
async def withdrawal_page(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Ask before a dossier is withdrawn for its candidate, or before a withdrawal is undone."""
    dossier = await queries.one(request.user, dossier_id)
    waiting = len(await pending.letters(dossier_id))
    return page(request, "dossiers/withdrawal.html", dossier=dossier, form=WithdrawalForm(), waiting=waiting)


@post(WITHDRAWAL, opt=EDIT, status_code=303)
async def withdraw(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """Withdraw it for the candidate; what waits to be sent about it is cancelled."""
    dossier = await queries.one(request.user, dossier_id)
    form = await WithdrawalForm.read(request)
    if not form.valid:
        waiting = len(await pending.letters(dossier_id))
        return page(request, "dossiers/withdrawal.html", status_code=422, dossier=dossier, form=form, waiting=waiting)
    await withdrawing.withdraw(dossier_id, form.note, request.user)
    return see(request, f"/dossiers/{dossier_id}", _("The application is withdrawn."))


@post(f"{WITHDRAWAL}/undo", opt=EDIT, status_code=303)
async def undo_withdrawal(request: Request, dossier_id: FromPath[int]) -> Response[Any]:
    """The application counts again."""
    await withdrawing.undo(dossier_id, request.user)
    return see(request, f"/dossiers/{dossier_id}", _("The withdrawal is undone."))


routes = [withdrawal_page, withdraw, undo_withdrawal]

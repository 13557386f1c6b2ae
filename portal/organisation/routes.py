"""Settings of the organisation, and the addresses it writes from. For administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal import zones
from portal.i18n import _
from portal.ledger import actions as ledger
from portal.organisation import actions, brand_pages, limits_pages, queries
from portal.organisation.forms import (
    DomainForm,
    NewDomainForm,
    NewSenderForm,
    OrganisationForm,
    SenderForm,
    cap,
    choices,
    labels,
    limits,
)
from portal.organisation.queries import DomainLimit, OrganisationRow, SenderRow
from portal.organisation.words import event_sentence
from portal.outcomes import Missing, Refused, Stale
from portal.web.conflicts import conflict
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/settings/organisation"
SENDERS = f"{HERE}/senders"
DOMAINS = f"{HERE}/domains"
RIGHT = needs("organisation.edit")


@get(HERE, opt=RIGHT)
async def organisation_page(request: Request) -> Response[Any]:
    """Who we are, and where we write from."""
    return await _page(request)


@post(HERE, opt=RIGHT, status_code=303)
async def change_organisation(request: Request) -> Response[Any]:
    """Describe the organisation anew."""
    form = await OrganisationForm.read(request, choices=choices(await queries.senders()))
    if form.valid:
        try:
            await actions.change(form.row(await queries.current()), request.user)
        except Refused as refused:
            form.refuse(refused)
        except Stale as stale:
            theirs = _filled(await queries.current(), await queries.senders())
            return conflict(request, stale, form, theirs, labels=labels(), action=HERE, back=HERE)
    if not form.valid:
        return await _page(request, form=form, status_code=422)
    return see(request, HERE, _("Saved."))


@post(SENDERS, opt=RIGHT, status_code=303)
async def add_sender(request: Request) -> Response[Any]:
    """Add an address to write from."""
    form = await NewSenderForm.read(request)
    if form.valid:
        try:
            await actions.add_sender(form.address, form.name, cap(form), form.verified, request.user)
        except Refused as refused:
            form.refuse(refused)
    if not form.valid:
        return await _page(request, new=form, status_code=422)
    return see(request, HERE, _("Address added: {address}").format(address=form.address))


@get(SENDERS + "/{sender_id:int}", opt=RIGHT)
async def sender_page(request: Request, sender_id: FromPath[int]) -> Response[Any]:
    """The name and the limits of an address."""
    sender = await _sender(sender_id)
    values = {"name": sender.name, "daily_cap": sender.daily_cap, "per_minute": sender.per_minute}
    return await _sender_page(request, sender, SenderForm(values))


@post(SENDERS + "/{sender_id:int}", opt=RIGHT, status_code=303)
async def change_sender(request: Request, sender_id: FromPath[int]) -> Response[Any]:
    """Change them."""
    sender = await _sender(sender_id)
    form = await SenderForm.read(request)
    if not form.valid:
        return await _sender_page(request, sender, form, status_code=422)
    per_minute = cap(form, "per_minute")
    await actions.change_sender(sender_id, form.name, cap(form), request.user, per_minute=per_minute)
    return see(request, HERE, _("Saved."))


@get(SENDERS + "/{sender_id:int}/pause", opt=RIGHT)
async def pause_page(request: Request, sender_id: FromPath[int]) -> Response[Any]:
    """Ask before an address stops sending."""
    found = [sender for sender in await queries.senders_in_use() if sender.id == sender_id]
    if not found:
        raise Missing
    return page(request, "organisation/pause.html", sender=found[0])


@post(SENDERS + "/{sender_id:int}/pause", opt=RIGHT, status_code=303)
async def pause_sender(request: Request, sender_id: FromPath[int]) -> Response[Any]:
    """Let nothing leave from an address until it is resumed."""
    sender = await _sender(sender_id)
    await ledger.pause_sender(sender_id, "by_hand", request.user)
    return see(request, HERE, _("Paused: {address}. Its e-mails wait.").format(address=sender.address))


@post(SENDERS + "/{sender_id:int}/resume", opt=RIGHT, status_code=303)
async def resume_sender(request: Request, sender_id: FromPath[int]) -> Response[Any]:
    """Let an address send again."""
    sender = await _sender(sender_id)
    await ledger.resume_sender(sender_id, request.user)
    return see(request, HERE, _("Resumed: {address}. What waited leaves now.").format(address=sender.address))


@post(SENDERS + "/{sender_id:int}/verify", opt=RIGHT, status_code=303)
async def verify_sender(request: Request, sender_id: FromPath[int]) -> Response[Any]:
    """Say that the organisation may write from an address."""
    await actions.verify_sender(sender_id, request.user)
    sender = await _sender(sender_id)
    return see(request, HERE, _("Verified: {address}").format(address=sender.address))


@get(DOMAINS, opt=RIGHT)
async def domains_page(request: Request) -> Response[Any]:
    """Receiving domains that want it slower."""
    return await _domains_page(request)


@post(DOMAINS, opt=RIGHT, status_code=303)
async def add_domain(request: Request) -> Response[Any]:
    """Add one."""
    form = await NewDomainForm.read(request)
    if form.valid:
        try:
            domain = await actions.add_domain(limits(form, form.domain), request.user)
            return see(request, DOMAINS, _("Domain added: {domain}").format(domain=domain))
        except Refused as refused:
            form.refuse(refused)
    return await _domains_page(request, new=form, status_code=422)


@get(DOMAINS + "/{domain:str}", opt=RIGHT)
async def domain_page(request: Request, domain: FromPath[str]) -> Response[Any]:
    """The limits of one."""
    limit = await _domain(domain)
    values = {"per_minute": limit.per_minute, "connections": limit.connections}
    return page(request, "organisation/domain.html", domain=domain, form=DomainForm(values))


@post(DOMAINS + "/{domain:str}", opt=RIGHT, status_code=303)
async def change_domain(request: Request, domain: FromPath[str]) -> Response[Any]:
    """Change them."""
    await _domain(domain)
    form = await DomainForm.read(request)
    if form.valid:
        try:
            await actions.change_domain(limits(form, domain), request.user)
            return see(request, DOMAINS, _("Saved."))
        except Refused as refused:
            form.refuse(refused)
    return page(request, "organisation/domain.html", status_code=422, domain=domain, form=form)


@post(DOMAINS + "/{domain:str}/remove", opt=RIGHT, status_code=303)
async def remove_domain(request: Request, domain: FromPath[str]) -> Response[Any]:
    """Hold it to nothing any more."""
    await _domain(domain)
    await actions.remove_domain(domain, request.user)
    return see(request, DOMAINS, _("Domain removed: {domain}").format(domain=domain))


async def _domain(domain: str) -> DomainLimit:
    limit = await queries.domain_limit(domain)
    if limit is None:
        raise Missing
    return limit


async def _domains_page(request: Request, *, new: Form | None = None, status_code: int = 200) -> Response[Any]:
    found = await queries.domain_limits()
    form = new or NewDomainForm()
    return page(request, "organisation/domains.html", status_code=status_code, domains=found, new=form)


async def _sender(sender_id: int) -> SenderRow:
    sender = await queries.sender(sender_id)
    if sender is None:
        raise Missing
    return sender


async def _sender_page(request: Request, sender: SenderRow, form: Form, status_code: int = 200) -> Response[Any]:
    history = [(event, *event_sentence(event)) for event in await queries.history(sender.id)]
    return page(request, "organisation/sender.html", status_code=status_code, sender=sender, form=form, history=history)


def _filled(us: OrganisationRow, senders: Sequence[SenderRow]) -> OrganisationForm:
    values = {name: getattr(us, name) for name in us.__struct_fields__}
    return OrganisationForm(values, choices=choices(senders))


async def _page(
    request: Request, *, form: Form | None = None, new: Form | None = None, status_code: int = 200
) -> Response[Any]:
    us, senders = await queries.current(), await queries.senders_in_use()
    return page(
        request,
        "organisation/settings.html",
        status_code=status_code,
        us=us,
        form=form or _filled(us, senders),
        new=new or NewSenderForm(),
        senders=senders,
        cities=zones.cities(),
    )


routes: list[Any] = [
    organisation_page, change_organisation, add_sender, sender_page, change_sender, pause_page, pause_sender,
    resume_sender, verify_sender, domains_page, add_domain, domain_page, change_domain, remove_domain,
    *brand_pages.routes, *limits_pages.routes,
]  # fmt: skip

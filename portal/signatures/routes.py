"""Keys that sign our letters, as administrators see them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.i18n import _
from portal.outcomes import Missing, Refused
from portal.signatures import actions, queries, words
from portal.signatures.forms import NewKeyForm, choices
from portal.signatures.queries import KeyRow
from portal.signatures.rules import signer
from portal.timeline_words import days_of
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/settings/signatures"
RIGHT = needs("organisation.edit")


@get(HERE, opt=RIGHT)
async def signatures_page(request: Request) -> Response[Any]:
    """The domains we write from, with their keys. Asks DNS nothing: that may take its time."""
    return await _page(request)


@get(f"{HERE}/dns", opt=RIGHT)
async def dns_page(request: Request) -> Response[Any]:
    """The same, and what DNS says."""
    return await _page(request, asks_dns=True)


@post(HERE, opt=RIGHT, status_code=303)
async def make_key(request: Request) -> Response[Any]:
    """Make a key."""
    form = await NewKeyForm.read(request, choices=choices())
    if form.valid:
        try:
            key = await actions.make(form.domain, form.algorithm, request.user, form.selector)
            return see(request, f"{HERE}#key-{key.id}", _("Key made. Publish its record in DNS, then activate it."))
        except Refused as refused:
            form.refuse(refused)
    return await _page(request, form=form, status_code=422)


@post(HERE + "/{signature_id:int}/activate", opt=RIGHT, status_code=303)
async def activate_key(request: Request, signature_id: FromPath[int]) -> Response[Any]:
    """Sign with it, once DNS has it."""
    try:
        key = await actions.activate(signature_id, request.user)
    except Refused as refused:
        return await _page(request, refusal=refused.message, status_code=422)
    return see(request, HERE, _("Letters from {domain} are signed with {selector}.").format(**_named(key)))


@get(HERE + "/{signature_id:int}/retire", opt=RIGHT)
async def retire_page(request: Request, signature_id: FromPath[int]) -> Response[Any]:
    """Ask before a key signs no more."""
    key = await queries.key(signature_id)
    if key is None:
        raise Missing
    others = [each for each in await queries.keys(key.domain) if each.state == "active" and each.id != signature_id]
    return page(request, "signatures/retire.html", key=key, is_last=key.state == "active" and not others)


@post(HERE + "/{signature_id:int}/retire", opt=RIGHT, status_code=303)
async def retire_key(request: Request, signature_id: FromPath[int]) -> Response[Any]:
    """Sign no more with it."""
    key = await actions.retire(signature_id, request.user)
    return see(request, HERE, _("{selector} of {domain} signs no more.").format(**_named(key)))


def _named(key: KeyRow) -> dict[str, str]:
    return {"selector": key.selector, "domain": key.domain}


async def _page(
    request: Request,
    *,
    form: Form | None = None,
    asks_dns: bool = False,
    refusal: str = "",
    status_code: int = 200,
) -> Response[Any]:
    keys, senders = await queries.keys(), await queries.sender_domains()
    by_domain = {domain: list(each) for domain, each in groupby(keys, key=lambda key: key.domain)}
    active = {key.domain for key in keys if key.state == "active"}
    domains = [(each, by_domain.get(each, []), signer(each, active)) for each in sorted({*senders, *by_domain})]
    return page(
        request,
        "signatures/list.html",
        status_code=status_code,
        domains=domains,
        seen=await queries.all_seen([key for key in keys if key.state != "retired"]) if asks_dns else None,
        senders=senders,
        refusal=refusal,
        form=form or NewKeyForm({"domain": senders[0] if senders else "", "algorithm": "rsa"}, choices=choices()),
        days=days_of(await queries.history()),
        words=words,
    )


routes: list[Any] = [signatures_page, dns_page, make_key, activate_key, retire_page, retire_key]

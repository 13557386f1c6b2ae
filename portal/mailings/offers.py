"""What the pages of a mailing offer: campaigns, views, templates, and the four addresses to write from. Reads only."""

from __future__ import annotations

import msgspec

from portal import db
from portal.actor import Actor
from portal.dossiers import search
from portal.emails import library, queries
from portal.emails.library import TemplateRow
from portal.emails.queries import Version
from portal.i18n import _, language_name, text_in
from portal.mailings import words
from portal.mailings.rules import SENDERS
from portal.views import queries as views
from portal.web.field import Options

# A sender that may be chosen as the address of an account or of the organisation.
SENDER = "select address::text, name, verified, paused from sender where "
OWNED = """select exists (select from sender s join account a on a.email = s.address::text
    where s.verified and not s.paused and a.active)"""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """One of the four sources of an address (Z16). `why_not`: why it cannot be chosen; "" when it can."""

    kind: str
    label: str
    address: str = ""
    name: str = ""
    hint: str = ""
    why_not: str = ""


class _Sender(msgspec.Struct, frozen=True):
    address: str
    name: str
    verified: bool
    paused: bool


def modules(actor: Actor) -> list[str]:
    """The modules that the actor may write to (Z13, Z24)."""
    return [module for module, right in words.MODULE_RIGHTS.items() if actor.may(right)]


async def campaigns(actor: Actor) -> Options:
    """The campaigns that the actor sees, by id."""
    return [(int(each.key), text_in(each.label)) for each in await search.campaigns(actor)]


async def view_choices(actor: Actor, module: str) -> Options:
    """The views of a module that the actor may use."""
    return [(view.id, view.name) for view in await views.visible(actor, module)]


async def templates(actor: Actor) -> list[TemplateRow]:
    """The library, by name, without what lies in the archive and what the portal itself sends."""
    return await library.templates(actor)


def template_words(row: TemplateRow) -> str:
    """A template where it is chosen: "Closing reminder (optional · en es fr)"."""
    kind = _("Optional e-mail") if row.category == "optional" else _("Necessary e-mail")
    return f"{row.name} ({kind} · {' '.join(row.locales)})"


def opt_out_rule(version: Version) -> str:
    """What the template's category means for those who get it."""
    if version.optional:
        return _("It is optional e-mail: every letter carries an unsubscribe link, and who has opted out is left out.")
    return _("It is necessary e-mail: it also goes to people who have opted out of optional e-mail.")


def languages(version: Version) -> list[str]:
    """The languages it is written in, in words."""
    return [language_name(locale) for locale in sorted(version.variants)]


# ------------------------------------------------------------------------------------------------ addresses
async def from_addresses(actor: Actor, version: Version | None) -> list[Address]:
    """Whom a mailing can come from: only addresses that somebody has confirmed (Z16, Z17)."""
    own = await _sender("address = $1 order by verified desc limit 1", actor.email)
    house = await _sender("id = (select sender_id from organisation)")
    given = await _sender("id = $1", version.sender_id) if version and version.sender_id else None
    made = {
        "organisation": _of("organisation", house, _("The organisation has no sender yet.")),
        "account": _of("account", own, _("{address} is not a verified sender.").format(address=actor.email)),
        "owner": Address(
            kind="owner",
            label=label("owner"),
            hint=_("Who has no owner with a verified address is left out."),
            why_not="" if await db.fetchval(OWNED) else _("No colleague’s address is a verified sender."),
        ),
        "template": _of("template", given, _no_address(version, bool(version and version.sender_id))),
    }
    return [made[kind] for kind in SENDERS]


async def reply_addresses(actor: Actor, version: Version | None) -> list[Address]:
    """Where answers can go: mailboxes that people read, so that nothing has to be confirmed."""
    house = await _sender("id = (select sender_id from organisation)")
    made = {
        "organisation": _of("organisation", house, _("The organisation has no sender yet.")),
        "account": Address(kind="account", label=label("account"), address=actor.email, name=actor.name),
        "owner": Address(kind="owner", label=label("owner"), hint=_("Without an owner: the organisation’s address.")),
        "template": Address(
            kind="template",
            label=label("template"),
            address=version.reply_to if version else "",
            why_not="" if version and version.reply_to else _no_address(version, False),
        ),
    }
    return [made[kind] for kind in SENDERS]


def label(kind: str) -> str:
    """What one of the four sources is called."""
    return {
        "organisation": lambda: _("The organisation’s address"),
        "account": lambda: _("Your own address"),
        "owner": lambda: _("The address of each record’s owner"),
        "template": lambda: _("The template’s address"),
    }[kind]()


def options(addresses: list[Address]) -> Options:
    """Those that can be chosen."""
    return [(each.kind, each.label) for each in addresses if not each.why_not]


async def _sender(condition: str, *values: object) -> _Sender | None:
    return await db.one_as(_Sender, SENDER + condition, *values)


def _of(kind: str, sender: _Sender | None, missing: str) -> Address:
    if sender is None:
        return Address(kind=kind, label=label(kind), why_not=missing)
    why_not = ""
    if not sender.verified:
        why_not = _("{address} is not verified yet.").format(address=sender.address)
    elif sender.paused:
        why_not = _("{address} is on pause.").format(address=sender.address)
    return Address(kind=kind, label=label(kind), address=sender.address, name=sender.name, why_not=why_not)


def _no_address(version: Version | None, gone: bool) -> str:
    if version is None:
        return _("Choose a template first.")
    return _("Its sender is gone.") if gone else _("This template has none.")


# ------------------------------------------------------------------------------------------------ one letter
class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is offered around a letter. `version`: of the chosen template; None while none is chosen."""

    templates: list[TemplateRow]
    version: Version | None
    rule: str
    languages: list[str]
    senders: list[Address]
    replies: list[Address]

    @property
    def choices(self) -> dict[str, Options]:
        """The options of the letter's form."""
        return {
            "template_id": [(row.id, template_words(row)) for row in self.templates],
            "from_kind": options(self.senders),
            "reply_kind": options(self.replies),
            "per": [(per, word()) for per, word in words.PER.items()],
        }


async def letter(actor: Actor, template_id: int | None) -> Letter:
    """Everything that the form of a letter offers, with a template chosen. One that is gone counts as none."""
    found = await templates(actor)
    known = any(row.id == template_id for row in found)
    version = await queries.current(template_id) if known and template_id else None
    return Letter(
        templates=found,
        version=version,
        rule=opt_out_rule(version) if version else "",
        languages=languages(version) if version else [],
        senders=await from_addresses(actor, version),
        replies=await reply_addresses(actor, version),
    )

"""What is done with the organisation and its senders."""

from __future__ import annotations

from zoneinfo import available_timezones

from asyncpg import UniqueViolationError

from portal import db, timeline
from portal.actor import Actor
from portal.addresses import domain_to_ascii, valid_email
from portal.i18n import LOCALES, _
from portal.ledger.quotas import look_again
from portal.ledger.waking import notify_all
from portal.organisation import queries, rules
from portal.organisation.brand import colour_errors
from portal.organisation.queries import DomainLimit, OrganisationRow, SenderRow
from portal.outcomes import Missing, Refused, Stale
from portal.settings import settings

ENSURE_LOCK = 727_273
DESCRIBED = (
    *("name", "postal_address", "website", "brand_colour", "locale", "time_zone", "sender_id"),
    "resend_uncertain",
)

CHANGE = """
update organisation set name = $2, postal_address = $3, website = $4, brand_colour = $5, locale = $6, time_zone = $7,
    sender_id = $8, resend_uncertain = $9, version = version + 1
where version = $1"""


async def ensure() -> None:
    """Make the organisation and its first sender where there is none yet; called after every migration.

    The first sender counts as verified: it is the installation's own host, and whoever runs that has said so.
    """
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", ENSURE_LOCK)
        if await db.fetchval("select true from organisation"):
            return
        domain = rules.mail_domain(settings().base_url)
        sender_id = await _insert_sender(f"noreply@{domain}", "Convoca", None, verified=True)
        sql = "insert into organisation (name, locale, time_zone, sender_id) values ($1, $2, $3, $4)"
        await db.execute(sql, "Convoca", settings().default_locale, settings().time_zone, sender_id)


async def change(wanted: OrganisationRow, by: Actor) -> None:
    """Describe the organisation anew; `wanted.version` is the version that was seen. Raises Refused or Stale."""
    await _check(wanted)
    async with db.transaction():
        before = await queries.current()
        if not await db.execute(CHANGE, wanted.version, *(getattr(wanted, name) for name in DESCRIBED)):
            raise Stale(before)
        old = {name: getattr(before, name) for name in DESCRIBED if getattr(before, name) != getattr(wanted, name)}
        new = {name: getattr(wanted, name) for name in old}
        await timeline.record("organisation", 1, "organisation.changed", by, before=old, after=new)


async def add_sender(address: str, name: str, daily_cap: int | None, verified: bool, by: Actor) -> int:
    """Add an address to write from. `verified`: `by` says that the organisation may. Returns its id."""
    address = address.strip()
    if not valid_email(address):
        raise Refused(_("Enter an address such as name@example.org."), field="address")
    try:
        async with db.transaction():
            sender_id = await _insert_sender(address, name, daily_cap, verified=verified)
            await timeline.record("sender", sender_id, "sender.added", by, address=address, verified=verified)
            return sender_id
    except UniqueViolationError:
        raise Refused(_("This address is in the list already."), field="address") from None


async def change_sender(
    sender_id: int, name: str, daily_cap: int | None, by: Actor, *, per_minute: int | None = None
) -> None:
    """Change the name people see beside the address, and the limits a day and a minute (None: no limit)."""
    async with db.transaction():
        before = await _sender(sender_id)
        sql = "update sender set name = $2, daily_cap = $3, per_minute = $4 where id = $1"
        await db.execute(sql, sender_id, name, daily_cap, per_minute)
        old = {"name": before.name, "daily_cap": before.daily_cap, "per_minute": before.per_minute}
        new = {"name": name, "daily_cap": daily_cap, "per_minute": per_minute}
        await timeline.record("sender", sender_id, "sender.changed", by, before=old, after=new)
        await look_again()
        await notify_all()


async def verify_sender(sender_id: int, by: Actor) -> None:
    """Somebody says that the organisation may write from this address; who and when is kept on the timeline."""
    async with db.transaction():
        sender = await _sender(sender_id)
        if await db.execute("update sender set verified = true where id = $1 and not verified", sender_id):
            await timeline.record("sender", sender_id, "sender.verified", by, address=sender.address)


async def add_domain(limit: DomainLimit, by: Actor) -> str:
    """Hold a receiving domain to limits. Returns its name as DNS writes it. Raises Refused."""
    domain = domain_to_ascii(limit.domain.strip().rstrip("."))
    if domain is None:
        raise Refused(_("Enter a domain such as example.org."), field="domain")
    _check_limits(limit)
    try:
        async with db.transaction():
            sql = "insert into domain_limit (domain, per_minute, connections) values ($1, $2, $3)"
            await db.execute(sql, domain, limit.per_minute, limit.connections)
            await _record_limits("domain.limited", domain, by, limit)
    except UniqueViolationError:
        raise Refused(_("This domain is in the list already."), field="domain") from None
    return domain


async def change_domain(limit: DomainLimit, by: Actor) -> None:
    """Hold it to other limits. Raises Refused; Missing when it is not in the list (any more)."""
    _check_limits(limit)
    async with db.transaction():
        sql = "update domain_limit set per_minute = $2, connections = $3 where domain = $1"
        if not await db.execute(sql, limit.domain, limit.per_minute, limit.connections):
            raise Missing
        await _record_limits("domain.limited", limit.domain, by, limit)


async def remove_domain(domain: str, by: Actor) -> None:
    """Hold a domain to nothing any more. Harmless when it is not in the list."""
    async with db.transaction():
        if await db.execute("delete from domain_limit where domain = $1", domain):
            await timeline.record("organisation", 1, "domain.freed", by, domain=domain)


def _check_limits(limit: DomainLimit) -> None:
    if limit.per_minute is None and limit.connections is None:
        raise Refused(_("Enter at least one of the two limits."), field="per_minute")


async def _record_limits(what: str, domain: str, by: Actor, limit: DomainLimit) -> None:
    limits = {"per_minute": limit.per_minute, "connections": limit.connections}
    await timeline.record("organisation", 1, what, by, domain=domain, **limits)


async def _sender(sender_id: int) -> SenderRow:
    sender = await queries.sender(sender_id)
    if sender is None:
        raise Missing
    return sender


async def _insert_sender(address: str, name: str, daily_cap: int | None, *, verified: bool) -> int:
    domain = domain_to_ascii(address.rpartition("@")[2]) or rules.NOWHERE
    sql = """insert into sender (address, name, bounce_domain, daily_cap, verified)
        values ($1, $2, $3, $4, $5) returning id"""
    return int(await db.fetchval(sql, address, name, domain, daily_cap, verified))


async def _check(wanted: OrganisationRow) -> None:
    errors: dict[str, str] = {}
    if not wanted.name.strip():
        errors["name"] = _("Enter a name.")
    errors |= colour_errors(wanted.brand_colour)
    if wanted.website and rules.web_address(wanted.website) != wanted.website:
        errors["website"] = _("Enter a web address such as https://example.org.")
    if wanted.locale not in LOCALES or wanted.time_zone not in available_timezones():
        errors["time_zone"] = _("Enter the name of a time zone, such as Europe/Madrid.")
    if wanted.resend_uncertain not in rules.RESEND:
        errors["resend_uncertain"] = _("Choose one of the options.")
    errors |= await _check_sender(wanted.sender_id)
    if errors:
        raise Refused(errors=errors)


async def _check_sender(sender_id: int | None) -> dict[str, str]:
    sender = await queries.sender(sender_id) if sender_id else None
    if sender is not None and sender.usable:
        return {}
    return {"sender_id": _("Choose an address that is verified.")}

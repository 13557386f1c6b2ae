"""The organisation and its senders."""

import msgspec
import pytest

from portal import db as database
from portal.organisation import actions, queries, rules
from portal.outcomes import Missing, Refused, Stale
from portal.settings import settings
from tests import factories

pytestmark = pytest.mark.usefixtures("db")


async def happened(subject: str) -> list[tuple[str, str]]:
    """What the history says, with who did it."""
    sql = "select what, actor_name from timeline_event where subject = $1 order by id"
    return [tuple(row) for row in await database.fetch(sql, subject)]


async def test_the_first_start_makes_an_organisation_that_can_write() -> None:
    await actions.ensure()
    await actions.ensure()
    us = await queries.current()
    (sender,) = await queries.senders()
    assert (us.name, us.sender_id) == ("Convoca", sender.id)
    domain = rules.mail_domain(settings().base_url)
    assert (sender.address, sender.bounce_domain, sender.usable) == (f"noreply@{domain}", domain, True)


async def test_before_the_first_start_there_is_an_empty_organisation() -> None:
    assert await queries.current() == queries.OrganisationRow("Convoca")


async def test_adam_describes_the_organisation_from_what_he_saw() -> None:
    adam = (await factories.account("Adam", "administrator")).actor
    await factories.organisation("Passerelle")
    seen = await queries.current()
    wanted = msgspec.structs.replace(seen, name="Fondation Passerelle", website="https://passerelle.example")
    await actions.change(wanted, adam)
    assert await queries.current() == msgspec.structs.replace(wanted, version=seen.version + 1)
    assert await happened("organisation") == [("organisation.changed", "Adam")]
    with pytest.raises(Stale):
        await actions.change(wanted, adam)


async def test_everything_wrong_with_it_is_said_at_once() -> None:
    adam = (await factories.account("Adam", "administrator")).actor
    await factories.organisation()
    paused = await factories.sender("unverified@passerelle.example", verified=False)
    wanted = queries.OrganisationRow(
        " ", website="javascript:x", brand_colour="#ffff00", time_zone="Mars", sender_id=paused
    )
    with pytest.raises(Refused) as refused:
        await actions.change(wanted, adam)
    assert set(refused.value.errors) == {"name", "website", "brand_colour", "time_zone", "sender_id"}


async def test_an_address_is_verified_by_a_person_and_the_history_says_by_whom() -> None:
    adam = (await factories.account("Adam", "administrator")).actor
    sender_id = await actions.add_sender("Office@Passerelle.example", "Passerelle", 200, False, adam)
    sender = await queries.sender(sender_id)
    assert sender is not None
    assert (sender.bounce_domain, sender.daily_cap, sender.usable) == ("passerelle.example", 200, False)
    await actions.verify_sender(sender_id, adam)
    await actions.verify_sender(sender_id, adam)
    sender = await queries.sender(sender_id)
    assert sender is not None
    assert sender.usable
    assert await happened("sender") == [("sender.added", "Adam"), ("sender.verified", "Adam")]


@pytest.mark.parametrize("address", ["nowhere", "a@b", "a@b.example\r\nBcc: x@y.example", "office@passerelle.example"])
async def test_a_sender_needs_a_valid_address_that_is_new(address: str) -> None:
    adam = (await factories.account("Adam", "administrator")).actor
    await factories.sender("OFFICE@passerelle.example")
    with pytest.raises(Refused) as refused:
        await actions.add_sender(address, "", None, True, adam)
    assert list(refused.value.errors) == ["address"]


async def test_a_senders_name_and_limit_can_change_and_its_address_cannot() -> None:
    adam = (await factories.account("Adam", "administrator")).actor
    sender_id = await factories.sender("office@passerelle.example")
    await actions.change_sender(sender_id, "The office", 0, adam, per_minute=60)
    sender = await queries.sender(sender_id)
    assert sender is not None
    changed = (sender.address, sender.name, sender.daily_cap, sender.per_minute)
    assert changed == ("office@passerelle.example", "The office", 0, 60)
    with pytest.raises(Missing):
        await actions.change_sender(0, "Nobody", None, adam)


async def test_the_list_shows_what_left_today() -> None:
    sender_id = await factories.sender()
    sql = "insert into quota (pool, day, used) values ($1, (now() at time zone 'utc')::date - $2::int, $3)"
    await database.execute(sql, f"sender:{sender_id}", 0, 7)
    await database.execute(sql, f"sender:{sender_id}", 1, 100)
    (sender,) = [each for each in await queries.senders_in_use() if each.id == sender_id]
    assert (sender.today, sender.waiting) == (7, 0)


async def test_adam_limits_changes_and_frees_a_receiving_domain() -> None:
    adam = (await factories.account("Adam", "administrator")).actor
    assert await actions.add_domain(queries.DomainLimit(" Żółw.PL. ", 600, None), adam) == "xn--w-uga1v8h.pl"
    await actions.change_domain(queries.DomainLimit("xn--w-uga1v8h.pl", None, 2), adam)
    assert await queries.domain_limits() == [queries.DomainLimit("xn--w-uga1v8h.pl", None, 2)]
    await actions.remove_domain("xn--w-uga1v8h.pl", adam)
    await actions.remove_domain("xn--w-uga1v8h.pl", adam)
    assert await queries.domain_limits() == []
    what = [("domain.limited", "Adam"), ("domain.limited", "Adam"), ("domain.freed", "Adam")]
    assert await happened("organisation") == what
    with pytest.raises(Missing):
        await actions.change_domain(queries.DomainLimit("gone.example", 1, None), adam)


@pytest.mark.parametrize(
    ("domain", "per_minute", "field"),
    [
        ("localhost", 60, "domain"),
        ("a b.example", 60, "domain"),
        ("limited.example", 60, "domain"),
        ("new.example", None, "per_minute"),
    ],
)
async def test_a_domain_needs_a_name_of_its_own_and_a_limit(domain: str, per_minute: int | None, field: str) -> None:
    adam = (await factories.account("Adam", "administrator")).actor
    await actions.add_domain(queries.DomainLimit("limited.example", 1, 1), adam)
    with pytest.raises(Refused) as refused:
        await actions.add_domain(queries.DomainLimit(domain, per_minute, None), adam)
    assert list(refused.value.errors) == [field]

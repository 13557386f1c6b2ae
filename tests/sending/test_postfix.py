"""The whole way with a real mail server: submitted and decided, sent by the worker, taken by a strict Postfix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage

import msgspec
import pytest

from portal import db
from portal import settings as portal_settings
from portal.actor import SYSTEM, Actor, candidate
from portal.campaigns import actions as campaigns
from portal.campaigns.checks import CampaignDraft
from portal.dossiers import actions as dossiers
from portal.dossiers.actions import Application
from portal.emails.defaults import install_defaults
from portal.ledger import queries
from portal.sending import verp
from portal.sending.headers import wire_address
from tests import factories
from tests.letters import addresses, check_letter, html_of, text_of
from tests.sending import postfix
from tests.sending.helpers import until
from tests.sending.postfix import Postfix
from tests.workers.processes import house

BASE_URL = "https://portal.example"
ARCHIVE = "archive@people.example"
UUID4 = re.compile(rb"(?<=^Message-ID: <)[0-9a-f-]{36}(?=@)", re.MULTILINE)
# address, first name, language: plain; a local part and a domain beyond ASCII; somebody who tries to smuggle.
PEOPLE = (
    ("ana@people.example", "Ana", "pl"),
    ("zoë@people.example", "Zoë", "fr"),
    ("ines@żółw.example", "Inès", "es"),
    ("eve@people.example", "Eve\r\nBcc: victim@people.example\r\n\r\n<b>Hi</b>", "en"),
)
TITLE = {"en": "Rural Labs", "es": "Laboratorios rurales", "fr": "Ateliers ruraux", "pl": "Wiejskie pracownie"}
NEWS = {"en": ("News of {{ campaign_title }}", "<p>Dear {{ first_name }}, there is more to come from our house.</p>")}

ROWS = """
select m.message_id::text as uuid, m.address, m.state::text as state, m.reason, m.optional, l.shown_to, l.subject
from message m join letter l on l.id = m.id order by m.id"""


class Row(msgspec.Struct, frozen=True):
    """A message as the register has it."""

    uuid: str
    address: str
    state: str
    reason: str | None
    optional: bool
    shown_to: str
    subject: str

    @property
    def utf8(self) -> bool:
        """Whether it needs SMTPUTF8: an address that it goes to or shows has a local part beyond ASCII."""
        return not all(each.partition("@")[0].isascii() for each in (self.address, self.shown_to))


@pytest.fixture(params=["modern", "old"])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[Postfix, int, bool]]:
    """Postfix, the port of one of its two faces, and whether that takes 8-bit text and addresses beyond ASCII."""
    if why := postfix.missing():
        pytest.skip(why)
    with postfix.running() as running:
        modern = request.param == "modern"
        yield running, running.modern if modern else running.old, modern


@pytest.fixture
def public_address() -> Iterator[None]:
    """Links of letters begin with https."""
    before = portal_settings.settings().base_url
    portal_settings.use(base_url=BASE_URL)
    yield
    portal_settings.use(base_url=before)


@pytest.mark.seed("E07")
@pytest.mark.seed("E08")
async def test_E07_E08_what_is_submitted_and_decided_reaches_a_strict_server_once(
    server: tuple[Postfix, int, bool], public_address: None, fresh_database: str, valkey_url: str
) -> None:
    running, port, modern = server
    async with house(fresh_database, valkey_url, port) as own:
        await own.clock()
        await own.worker()
        await play()
        await until(settled, 30)
        rows = await db.fetch_as(Row, ROWS)
        taken = {row.uuid: row for row in rows if row.state == "accepted"}

        async def arrived() -> bool:
            return len(running.letters()) >= len(taken)

        await until(arrived)
    refused = [(row.state, row.reason, row.utf8) for row in rows if row.uuid not in taken]
    assert refused == ([] if modern else [("failed", "needs_smtputf8", True)] * 3)
    assert len(rows) == 3 * len(PEOPLE) + 1  # receipt, decision and its copy for everybody; news for Ana
    assert sorted(map(check_arrived(taken, modern), running.letters())) == sorted(taken)
    assert (await queries.totals()).balanced
    assert "reject" not in running.log.replace("reject_", "")


def check_arrived(taken: dict[str, Row], modern: bool) -> Callable[[bytes], str]:
    """Hold a letter that arrived to the rules and to its row; returns which one it is."""

    def check(raw: bytes) -> str:
        uuid = UUID4.search(raw)[0].decode()  # type: ignore[index]
        row = taken[uuid]
        message = check_letter(raw, optional=row.optional, seven_bit=not modern, utf8=row.utf8)
        assert message["Message-ID"] == f"<{uuid}@passerelle.example>"
        check_envelope(message, row)
        assert str(message["Subject"]) == row.subject
        assert addresses(message, "To") == [wire_address(row.shown_to or row.address)]
        assert addresses(message, "From") == ["office@passerelle.example"]
        assert BASE_URL in text_of(message)
        assert BASE_URL in html_of(message)
        assert "<b>Hi" not in html_of(message)
        return uuid

    return check


def check_envelope(message: EmailMessage, row: Row) -> None:
    """Rows 6 and 11: delivered to the row's address, its domain in ASCII; whatever comes back names the message."""
    assert message["X-Original-To"] == wire_address(row.address)
    sender = message["Return-Path"].strip("<>")
    assert sender.endswith("@bounces.passerelle.example")
    assert str(verp.bounced_message(sender, portal_settings.settings().secret_key.encode())) == row.uuid


async def play() -> None:
    """Everybody applies and is accepted, the archive gets a copy; Ana hears news that she may refuse."""
    alice = await furnish()
    campaign_id = await campaigns.create(
        alice, CampaignDraft(title=TITLE, slug="rural-labs", locales=list(TITLE), default_locale="en", published=True)
    )
    await trigger(campaign_id, "accepted", "acceptance", cc=[ARCHIVE])
    await trigger(campaign_id, "rejected", "news")
    applied = [await apply(campaign_id, *each) for each in PEOPLE]
    for dossier_id in applied:
        await dossiers.change_status(dossier_id, "accepted", 2, alice)
    await until(settled, 30)  # else the later decision would replace the earlier
    await dossiers.change_status(applied[0], "rejected", 3, alice)


async def furnish() -> Actor:
    """An organisation with a sender, its letters, and a manager."""
    sender_id = await factories.sender("office@passerelle.example")
    sql = (
        "insert into organisation (name, locale, time_zone, sender_id) values ('Passerelle', 'en', 'Europe/Paris', $1)"
    )
    await db.execute(sql, sender_id)
    await install_defaults(SYSTEM)
    await factories.template("News", key="news", category="optional", variants=NEWS)
    return (await factories.account("Alice")).actor


async def trigger(campaign_id: int, status: str, template: str, cc: Sequence[str] = ()) -> None:
    """An automatic e-mail to the candidate."""
    sql = """insert into trigger (campaign_id, name, family, template_id, to_status_id, recipients, cc)
    select $1, t.name, 'manager', t.id, s.id, '{candidate}', $4
    from template t, status s where t.key = $3 and s.campaign_id = $1 and s.key = $2"""
    await db.execute(sql, campaign_id, status, template, list(cc))


async def apply(campaign_id: int, email: str, first_name: str, locale: str) -> int:
    """An application, submitted at once."""
    application = Application(email=email, first_name=first_name, last_name="Żak-Çelik", locale=locale)
    return await dossiers.create(campaign_id, application, candidate(first_name), submitting=True)


async def settled() -> bool:
    """Whether nothing is on its way any more."""
    return not await db.fetchval("select exists (select from message where state = 'queued')")

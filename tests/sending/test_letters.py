"""From frozen values to bytes: the very letter, for the wire and for pages."""

from __future__ import annotations

import email
from email import policy
from email.message import EmailMessage
from typing import Any, cast

import pytest

from portal import db
from portal.ledger import actions
from portal.ledger.claims import COLUMNS, FROM
from portal.ledger.rules import Intent, Lane
from portal.ledger.work import Parcel
from portal.outcomes import Missing
from portal.sending import verp
from portal.sending.dispatcher import Unsendable
from portal.sending.letters import Composer
from portal.sending.queries import letter_of
from portal.sending.smtp import Offer
from tests import factories
from tests.sending.helpers import SECRET, letter

pytestmark = pytest.mark.usefixtures("db")
UTF8 = Offer(eight_bit=True, utf8=True)


async def post(
    address: str = "ana@people.example", *, optional: bool = False, state: Any = "queued", **more: Any
) -> int:
    """One message of a template in English and French."""
    variants = {
        "en": ("Application {{ dossier_number }}", "<p>Dear {{ first_name }}</p>"),
        "fr": ("Dossier", "<p>Bonjour</p>"),
    }
    template = await factories.template(category="optional" if optional else "transactional", variants=variants)
    intent = Intent(
        address=address,
        locale="en",
        optional=optional,
        occurrence=1,
        state=state,
        letter=letter(template.version_id, **more),
    )
    return (await actions.post("test", template.id, await factories.organisation(), Lane.urgent, [intent]))[0]


async def parcel_of(message_id: int) -> Parcel:
    row = await db.fetchrow(f"select {COLUMNS} from {FROM} where m.id = $1", message_id)
    assert row
    return Parcel(*row)


async def composed(message_id: int, offer: Offer = UTF8) -> Any:
    parcel = await parcel_of(message_id)
    composer = Composer(SECRET)
    await composer.prepare([parcel])
    return composer.compose(parcel, offer)


async def test_the_very_letter_can_be_shown_again() -> None:
    message_id = await post()
    raw, rendered = await letter_of(message_id)
    message = cast(EmailMessage, email.message_from_bytes(raw, policy=policy.SMTP))
    text, html = (cast(Any, part).get_content() for part in message.iter_parts())
    assert message["Subject"] == "Your application RL-1"  # frozen when planned
    assert rendered.text in text.replace("\r\n", "\n") and "Dear Zoë" in rendered.text
    assert html.replace("\r\n", "\n").rstrip("\n") == rendered.html.rstrip("\n")
    assert await letter_of(message_id) == (raw, rendered)
    with pytest.raises(Missing):
        await letter_of(message_id + 1)


async def test_the_envelope_sender_tells_which_message_came_back() -> None:
    message_id = await post()
    envelope = await composed(message_id, Offer())
    sender = envelope.mail.decode().partition("<")[2].partition(">")[0]
    assert sender.endswith("@bounces.passerelle.example")
    assert verp.bounced_message(sender, SECRET) == (await parcel_of(message_id)).message_id
    assert envelope.rcpt == b"RCPT TO:<ana@people.example>\r\n"


async def test_optional_mail_can_be_refused_with_one_click() -> None:
    assert (
        b"List-Unsubscribe: <https://portal.test/u/abc>\r\nList-Unsubscribe-Post"
        in (await composed(await post(optional=True))).letter
    )
    assert b"List-Unsubscribe" not in (await composed(await post())).letter


async def test_a_copy_shows_whom_the_original_went_to() -> None:
    envelope = await composed(await post("bob@team.example", shown_to="ana@people.example", cc=("bob@team.example",)))
    assert envelope.rcpt == b"RCPT TO:<bob@team.example>\r\n"
    assert b"\r\nTo: <ana@people.example>\r\nCc: bob@team.example\r\n" in envelope.letter


async def test_addresses_beyond_ascii() -> None:
    assert (await composed(await post("ana@żółw.example"), Offer())).rcpt == b"RCPT TO:<ana@xn--w-uga1v8h.example>\r\n"
    envelope = await composed(await post("zoë@people.example"))
    assert envelope.rcpt == "RCPT TO:<zoë@people.example>\r\n".encode()
    assert envelope.mail.endswith(b" BODY=8BITMIME SMTPUTF8\r\n")
    with pytest.raises(Unsendable, match="needs_smtputf8"):
        await composed(await post("zoë@people.example"), Offer(eight_bit=True))
    with pytest.raises(Unsendable, match="invalid_email"):
        await composed(await post("ana@people.example\r\nRCPT TO:<eve@evil.example>"))


async def test_letters_of_the_system_need_no_template() -> None:
    message_id = await post()
    sql = """update letter set version_id = null, system = 'return_link'
        where id = $1"""
    await db.execute(sql, message_id)
    _raw, rendered = await letter_of(message_id)
    assert "You can continue your application" in rendered.text


# ------------------------------------------------------------------------------------------------ heads by lane
async def heads_in(lane: Lane, campaign_id: int | None = None) -> EmailMessage:
    """The head of a letter of a mailing, a sequence ..."""
    message_id = await post()
    sql = "update origin set lane = $2, campaign_id = $3 where id = (select origin_id from message where id = $1)"
    await db.execute(sql, message_id, int(lane), campaign_id)
    return cast(EmailMessage, email.message_from_bytes((await composed(message_id)).letter, policy=policy.SMTP))


async def test_mass_mail_names_its_list_and_wants_no_answers_by_machines() -> None:
    message = await heads_in(Lane.mass, 7)
    assert message["List-Id"] == "<campaign-7.passerelle.example>"
    assert message["Feedback-ID"] == "campaign-7:passerelle.example:mass:convoca"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message["Auto-Submitted"] == "auto-generated"
    assert str((await heads_in(Lane.mass))["List-Id"]).startswith("<test-")


async def test_sequence_mail_invites_answers_and_letters_to_one_person_are_no_list() -> None:
    sequence = await heads_in(Lane.sequence, 7)
    assert "Auto-Submitted" not in sequence
    trigger = await heads_in(Lane.trigger, 7)
    assert trigger["Auto-Submitted"] == "auto-generated"
    for message in (sequence, trigger):
        assert not {"List-Id", "Feedback-ID", "X-Auto-Response-Suppress"} & set(message.keys())


# ------------------------------------------------------------------------------------------------ attachments
async def attach(message_id: int, name: str, content: bytes, media_type: str = "application/pdf") -> int:
    sql = "insert into attachment (name, media_type, content) values ($1, $2, $3) returning id"
    number = int(await db.fetchval(sql, name, media_type, content))
    await db.execute("update letter set attachments = attachments || $2::bigint where id = $1", message_id, number)
    return number


@pytest.mark.parametrize("offer", [Offer(), UTF8], ids=["7bit", "8bit"])
async def test_documents_arrive_as_they_were_with_their_names(offer: Offer) -> None:
    message_id = await post()
    documents = {
        "rules.pdf": bytes(range(256)) * 20,
        'Przewodnik "po" naborze – część pierwsza, dla wszystkich szkół.pdf': b".\r\n.\r\n",
        "empty.txt": b"",
    }
    for name, content in documents.items():
        await attach(message_id, name, content)
    raw = (await composed(message_id, offer)).letter
    message = cast(EmailMessage, email.message_from_bytes(raw, policy=policy.SMTP))
    assert message.get_content_type() == "multipart/mixed"
    assert all(part.defects == [] for part in message.walk())
    assert {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()} == documents
    body = message.get_body(("html",))
    assert body is not None and "Dear Zoë" in body.get_content()
    assert b"\r\n." not in raw and max(map(len, raw.split(b"\r\n"))) <= (998 if offer.eight_bit else 78)
    assert (await letter_of(message_id))[0].isascii()


async def test_a_name_cannot_bring_headers_with_it() -> None:
    message_id = await post()
    await attach(message_id, "a\r\nBcc: eve@evil.example", b"x")
    parcel = await parcel_of(message_id)
    with pytest.raises(Unsendable, match="attachment_missing"):
        await composed(parcel.id)


async def test_a_letter_whose_document_vanished_says_so() -> None:
    message_id = await post()
    number = await attach(message_id, "rules.pdf", b"x")
    await db.execute("delete from attachment where id = $1", number)
    with pytest.raises(Unsendable, match="attachment_missing"):
        await composed(message_id)


async def test_documents_are_encoded_once_for_all_letters() -> None:
    message_id = await post()
    number = await attach(message_id, "rules.pdf", b"x" * 1000)
    composer, parcel = Composer(SECRET), await parcel_of(message_id)
    await composer.prepare([parcel])
    await db.execute("delete from attachment where id = $1", number)
    await composer.prepare([parcel])
    assert b"eHh4" in cast(bytes, composer.compose(parcel, Offer()).letter)

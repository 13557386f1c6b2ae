"""From a message's frozen values to its bytes: what the sender writes, and what a page shows as the very letter."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from functools import lru_cache, partial

from portal import db
from portal.emails import queries as emails
from portal.emails.letters import LAYOUT, Brand, Compiled, Rendered, Variant, compiled
from portal.emails.merge import Values
from portal.emails.system import opened, system_variant
from portal.ledger.rules import Lane
from portal.ledger.work import Parcel
from portal.outcomes import Missing
from portal.sealed import Unreadable
from portal.sending import mime
from portal.sending.dispatcher import Unsendable
from portal.sending.dkim import Signatory, signatories, signatory_of
from portal.sending.headers import Injection, wire_address
from portal.sending.smtp import Envelope, Offer, mail_command, rcpt_command
from portal.sending.verp import bounce_address

BRAND_FOR = 1.0  # seconds
KEPT = 2_000  # variants; a version never changes, so they never age
ROOM = 64 * 1024 * 1024  # octets of encoded attachments kept between batches
ATTACHMENTS = "select id, name, media_type, content from attachment where id = any ($1::bigint[])"


class Composer:
    """Letters of this process. Variants and attachments are kept; brand and keys are looked at for every batch."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.variants: dict[tuple[int, str], Variant] = {}
        self.made: dict[tuple[int | str, str, int], Compiled] = {}
        self.attachments = Attachments()
        self.brand = Brand("")
        self.brand_until = 0.0  # loop time
        self.signatories: dict[str, Signatory] = {}

    async def prepare(self, parcels: list[Parcel]) -> None:
        """Load what these messages need and is not here yet."""
        if asyncio.get_running_loop().time() > self.brand_until:
            await self.look_at_the_brand()
        if len(self.variants) > KEPT:
            self.variants.clear()
        wanted = {parcel.version_id for parcel in parcels if parcel.version_id and key_of(parcel) not in self.variants}
        for version_id in wanted:
            await self.load(version_id)
        await self.attachments.load({number for parcel in parcels for number in parcel.attachments})
        self.signatories = await signatories()

    async def look_at_the_brand(self) -> None:
        """A change shows within a second."""
        brand = await emails.brand()
        if brand != self.brand or len(self.made) > KEPT:
            self.brand, self.made = brand, {}
        self.brand_until = asyncio.get_running_loop().time() + BRAND_FOR

    async def load(self, version_id: int) -> None:
        """All languages of one version. One that is gone makes its own messages fail, not the batch."""
        try:
            version = await emails.version(version_id)
        except Missing:
            return
        for locale, variant in version.variants.items():
            self.variants[version_id, locale] = variant

    def compose(self, parcel: Parcel, offer: Offer) -> Envelope:
        """Envelope and letter for a server with this offer. Raises Unsendable."""
        try:
            heads = heads_of(parcel)
            utf8 = mime.needs_utf8(heads)
            recipient = wire_address(parcel.address)
            sender = bounce_address(parcel.message_id, wire_domain(parcel.bounce_domain), self.secret)
        except ValueError as wrong:
            raise Unsendable("invalid_email") from wrong
        if (utf8 or not recipient.isascii()) and not offer.utf8:
            raise Unsendable("needs_smtputf8")
        signatory = self.signatory(heads)
        head, body = self.parts(parcel, heads, offer.eight_bit and not signatory)
        mail = mail_command(sender.encode(), eight_bit=not body.isascii(), utf8=utf8 or not recipient.isascii())
        return Envelope(mail, rcpt_command(recipient.encode()), signed(head, body, signatory))

    def parts(self, parcel: Parcel, heads: mime.Heads, eight_bit: bool) -> tuple[bytes, bytes]:
        """Head block and body. Raises Unsendable."""
        made = self.compiled(parcel)
        filled = made.filled(self.values(parcel))
        attachments = [self.attachments.encoded(number) for number in parcel.attachments]
        body = mime.body(heads, text_part(made, filled, eight_bit), html_part(made, filled), attachments)
        return mime.head(heads, bool(attachments)), body

    def values(self, parcel: Parcel) -> Values:
        """What is merged. A link's token is opened for the wire only: a composer of pages has no secret."""
        values = parcel.values or {}
        if not parcel.system or not self.secret:
            return values
        try:
            return opened(values)
        except Unreadable as wrong:
            raise Unsendable("unrenderable") from wrong

    def signatory(self, heads: mime.Heads) -> Signatory | None:
        """Who signs for the domain that the letter is from; None: nobody."""
        if not self.signatories:
            return None
        return signatory_of(self.signatories, wire_address(heads.from_address).rpartition("@")[2])

    def rendered(self, parcel: Parcel) -> Rendered:
        """The letter as people read it. Raises Unsendable without its template."""
        return self.compiled(parcel).rendered(parcel.values or {})

    def compiled(self, parcel: Parcel) -> Compiled:
        """The functions of the message's template, language and layout. Raises Unsendable without its template."""
        key = parcel.version_id or parcel.system or "", parcel.locale or "", parcel.layout or LAYOUT
        made = self.made.get(key)
        if made is None:
            variant = self.variant(parcel)
            if variant is None:
                raise Unsendable("unrenderable")
            made = self.made[key] = compiled(variant, parcel.locale or variant.locale, self.brand, key[2])
        return made

    def variant(self, parcel: Parcel) -> Variant | None:
        """The template's text in the language of the message."""
        if parcel.system:
            return system_variant(parcel.system, parcel.locale or "en")
        return self.variants.get(key_of(parcel))


class Attachments:
    """Attachments encoded once, the ones used last kept."""

    def __init__(self) -> None:
        self.kept: OrderedDict[int, bytes] = OrderedDict()

    async def load(self, wanted: set[int]) -> None:
        """Read and encode those that are not here."""
        missing = [number for number in wanted if number not in self.kept]
        for row in await db.fetch(ATTACHMENTS, missing) if missing else ():
            with contextlib.suppress(Injection):  # its letters will miss it
                self.kept[row["id"]] = mime.attached(row["name"], row["media_type"], row["content"])
        for number in wanted & self.kept.keys():
            self.kept.move_to_end(number)
        while sum(map(len, self.kept.values())) > ROOM and next(iter(self.kept)) not in wanted:
            self.kept.popitem(last=False)

    def encoded(self, number: int) -> bytes:
        """A part. Raises Unsendable when the attachment is gone."""
        if number not in self.kept:
            raise Unsendable("attachment_missing")
        return self.kept[number]


def text_part(made: Compiled, filled: Values, eight_bit: bool) -> mime.Part:
    """The text alternative, of constants encoded long ago; another way where its lines are not as they should be."""
    octets = made.text_octets(filled)
    if not mime.is_ordinary(octets):
        return mime.encode(made.plain(filled), eight_bit)
    return mime.Part(mime.EIGHT_BIT, octets) if eight_bit else mime.Part(mime.QUOTED, made.text_quoted(filled))


def html_part(made: Compiled, filled: Values) -> mime.Part:
    """The html alternative. Always quoted-printable: its constants were encoded long ago."""
    return mime.Part(mime.QUOTED, made.html_quoted(filled))


def signed(head: bytes, body: bytes, signatory: Signatory | None) -> bytes | asyncio.Future[bytes]:
    """The letter, signed where somebody signs; a Future where that takes its time."""
    if signatory is None:
        return whole(head, body)
    if signatory.slow:
        return signatory.begin(head, body, partial(whole, head, body))
    return whole(head, body, signatory.sign(head, body))


def whole(head: bytes, body: bytes, signature: bytes = b"") -> bytes:
    """The letter as it goes to the server, its signature first."""
    return b"%b%b\r\n%b" % (signature, head, body)


def key_of(parcel: Parcel) -> tuple[int, str]:
    """Which variant a message needs."""
    return parcel.version_id or 0, parcel.locale or ""


def heads_of(parcel: Parcel, date: float | None = None) -> mime.Heads:
    """Who writes to whom about what. A copy shows the original's recipient."""
    return mime.Heads(
        uuid=str(parcel.message_id),
        from_name=parcel.from_name or "",
        from_address=parcel.from_address or "",
        to_name="" if parcel.shown_to else parcel.to_name or "",
        to_address=parcel.shown_to or parcel.address,
        subject=parcel.subject or "",
        reply_to=parcel.reply_to or "",
        cc=tuple(parcel.cc or ()),
        unsubscribe=(parcel.values or {}).get("unsubscribe_link", "") if parcel.optional else "",
        bulk=parcel.bulk,
        automatic=parcel.lane != Lane.sequence,
        date=date,
    )


@lru_cache(maxsize=64)
def wire_domain(domain: str) -> str:
    """A bounce domain as DNS writes it. Raises ValueError."""
    return wire_address(f"b@{domain}").rpartition("@")[2]

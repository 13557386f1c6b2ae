"""From a message's frozen values to its bytes: what the sender writes, and what a page shows as the very letter."""

from __future__ import annotations

from portal.emails import queries as emails
from portal.emails.letters import LAYOUT, Brand, Rendered, Variant, render
from portal.emails.system import system_variant
from portal.ledger.work import Parcel
from portal.outcomes import Missing
from portal.sending import mime
from portal.sending.dispatcher import Unsendable
from portal.sending.headers import wire_address
from portal.sending.smtp import Envelope, Offer, mail_command, rcpt_command, stuffed
from portal.sending.verp import bounce_address

KEPT = 2_000  # variants; a version never changes, so they never age


class Composer:
    """Letters of this process. Variants are kept; the brand is read anew for every batch."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.variants: dict[tuple[int, str], Variant] = {}
        self.brand = Brand("")

    async def prepare(self, parcels: list[Parcel]) -> None:
        """Load the variants that these messages need and do not have yet."""
        self.brand = await emails.brand()
        if len(self.variants) > KEPT:
            self.variants.clear()
        wanted = {parcel.version_id for parcel in parcels if parcel.version_id and key_of(parcel) not in self.variants}
        for version_id in wanted:
            await self.load(version_id)

    async def load(self, version_id: int) -> None:
        """All languages of one version. One that is gone makes its own messages fail, not the batch."""
        try:
            version = await emails.version(version_id)
        except Missing:
            return
        for locale, variant in version.variants.items():
            self.variants[version_id, locale] = variant

    def compose(self, parcel: Parcel, offer: Offer) -> Envelope:
        """Envelope and stuffed letter for a server with this offer. Raises Unsendable."""
        try:
            heads = heads_of(parcel)
            utf8 = mime.needs_utf8(heads)
            recipient = wire_address(parcel.address)
            sender = bounce_address(parcel.message_id, wire_domain(parcel.bounce_domain), self.secret)
        except ValueError as wrong:
            raise Unsendable("invalid_email") from wrong
        if not utf8 and not recipient.isascii():
            utf8 = True
        if utf8 and not offer.utf8:
            raise Unsendable("needs_smtputf8")
        letter = self.rendered(parcel)
        raw = mime.build(heads, letter.text, letter.html, offer)
        eight_bit = offer.eight_bit and not raw.isascii()
        mail = mail_command(sender.encode(), eight_bit=eight_bit, utf8=utf8)
        return Envelope(mail, rcpt_command(recipient.encode()), stuffed(raw))

    def rendered(self, parcel: Parcel) -> Rendered:
        """The letter as people read it. Raises Unsendable without its template."""
        variant = self.variant(parcel)
        if variant is None:
            raise Unsendable("unrenderable")
        return render(
            variant, parcel.values or {}, self.brand, parcel.locale or variant.locale, parcel.layout or LAYOUT
        )

    def variant(self, parcel: Parcel) -> Variant | None:
        """The template's text in the language of the message."""
        if parcel.system:
            return system_variant(parcel.system, parcel.locale or "en")
        return self.variants.get(key_of(parcel))


def key_of(parcel: Parcel) -> tuple[int, str]:
    """Which variant a message needs."""
    return parcel.version_id or 0, parcel.locale or ""


def heads_of(parcel: Parcel) -> mime.Heads:
    """Who writes to whom about what. A copy shows the original's recipient."""
    values = parcel.values or {}
    return mime.Heads(
        uuid=str(parcel.message_id),
        from_name=parcel.from_name or "",
        from_address=parcel.from_address or "",
        to_name="" if parcel.shown_to else parcel.to_name or "",
        to_address=parcel.shown_to or parcel.address,
        subject=parcel.subject or "",
        reply_to=parcel.reply_to or "",
        cc=tuple(parcel.cc or ()),
        unsubscribe=values.get("unsubscribe_link", "") if parcel.optional else "",
    )


def wire_domain(domain: str) -> str:
    """A bounce domain as DNS writes it. Raises ValueError."""
    return wire_address(f"b@{domain}").rpartition("@")[2]

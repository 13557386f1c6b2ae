"""Planned recipients become letters: which version, whose language, which values. Reads only.

One composer serves one change. It reads each version, each set of facts and each sender once, and makes the letter that
is sent and the letter that is shown from the same values.
"""

from __future__ import annotations

from typing import Any

import msgspec

from portal import db
from portal.emails import queries as emails
from portal.emails.fields import Facts, label, sample_facts, values
from portal.emails.letters import Brand, Rendered, Variant, render, subject_of, trees
from portal.ledger.rules import Letter
from portal.settings import settings
from portal.triggers.facts import Change, Rule
from portal.triggers.rules import Decision, Recipient

ALWAYS = ("unsubscribe_link",)  # values that the letter's layout prints, whatever the template says


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One e-mail as a preview shows it. `letter` is None when the template has no language at all.

    `empty`: labels of the fields that the letter would print although they have no value.
    """

    trigger: Rule
    recipient: Recipient
    from_name: str
    from_address: str
    letter: Rendered | None
    empty: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
        """Whether a letter leaves, at once or later."""
        return self.recipient.state != "skipped"


class Composer:
    """Letters about one change. `shown`: for people to look at, so without the candidate's own bearer link."""

    def __init__(self, change: Change, *, shown: bool = False) -> None:
        self.change, self.shown = change, shown
        self._versions: dict[int, emails.Version] = {}
        self._senders: dict[int | None, emails.SenderRow | None] = {}
        self._facts: dict[tuple[bool, str], Facts] = {}
        self._status: dict[str, str] | None = None

    def about(self, change: Change) -> Composer:
        """A composer for another dossier that has the same versions and senders at hand."""
        other = Composer(change, shown=self.shown)
        other._versions, other._senders = self._versions, self._senders
        return other

    async def version(self, rule: Rule) -> emails.Version | None:
        """The template's version in force; None while nothing has been written."""
        if rule.version_id is None:
            return None
        if rule.version_id not in self._versions:
            self._versions[rule.version_id] = await emails.version(rule.version_id)
        return self._versions[rule.version_id]

    async def sender(self, rule: Rule) -> emails.SenderRow | None:
        """Who signs: the template's sender, or the organisation's; None when neither is set."""
        version = await self.version(rule)
        wanted = version.sender_id if version else None
        if wanted not in self._senders:
            self._senders[wanted] = await emails.sender_of(wanted)
        return self._senders[wanted]

    async def values(self, recipient: Recipient, sender: emails.SenderRow | None) -> dict[str, str]:
        """All merge values for a recipient, in the letter's language."""
        internal = recipient.internal or self.shown
        key = (internal, recipient.locale)
        if key not in self._facts:
            self._facts[key] = await self._facts_for(recipient.locale, internal)
        facts = msgspec.structs.replace(self._facts[key], sender_name=sender.name if sender else "")
        return values(facts, recipient.locale)

    async def _facts_for(self, locale: str, internal: bool) -> Facts:
        """The dossier's facts with the status it enters, which a preview has not stored yet."""
        if self.change.dossier_id:
            facts = await emails.facts_of_dossier(self.change.dossier_id, locale, internal=internal)
        else:
            facts = await self._invented(locale)
        if self._status is None:
            self._status = await db.fetchval("select public_label from status where id = $1", self.change.to_status)
        closing = await self._closing() if self.change.phase is not None else {}
        return msgspec.structs.replace(facts, status_label=self._status or {}, **closing)

    async def _closing(self) -> dict[str, Any]:
        """A later phase has a closing of its own."""
        return {"closes_at": await db.fetchval("select closes_at from phase where id = $1", self.change.phase)}

    async def _invented(self, locale: str) -> Facts:
        """An invented candidate of the campaign, while nobody has applied."""
        brand = await emails.brand()
        title = await db.fetchval("select title from campaign where id = $1", self.change.campaign_id)
        facts = sample_facts(locale, brand.name, base_url=settings().base_url)
        return msgspec.structs.replace(facts, campaign_title=title or {})

    # -------------------------------------------------------------------------------------------- to be sent
    async def letter(self, decision: Decision, recipient: Recipient) -> Letter | None:
        """What the ledger keeps for a recipient; None where nothing can be written."""
        version, sender = await self.version(decision.trigger), await self.sender(decision.trigger)
        if version is None or sender is None or not recipient.locale:
            return None
        variant = version.variants[recipient.locale]
        everything = await self.values(recipient, sender)
        return Letter(
            version_id=version.id,
            locale=recipient.locale,
            from_address=sender.address,
            from_name=sender.name,
            reply_to=version.reply_to,
            to_name=recipient.name,
            subject=subject_of(variant, everything),
            values={
                name: everything[name] for name in sorted({*trees(variant).fields(), *ALWAYS}) if everything.get(name)
            },
            shown_to=recipient.shown_to,
            cc=recipient.cc,
            attachments=tuple(each.id for each in version.attachments),
        )

    # -------------------------------------------------------------------------------------------- to be shown
    async def planned(self, decision: Decision, recipient: Recipient, brand: Brand) -> Planned:
        """The recipient with her letter."""
        rule = decision.trigger
        version, sender = await self.version(rule), await self.sender(rule)
        variant = version.variants.get(recipient.locale) if version else None
        everything = await self.values(recipient, sender) if variant else {}
        return Planned(
            trigger=rule,
            recipient=recipient,
            from_name=sender.name if sender else "",
            from_address=sender.address if sender else "",
            letter=render(variant, everything, brand, recipient.locale) if variant else None,
            empty=_empty(variant, everything),
        )


def _empty(variant: Variant | None, everything: dict[str, str]) -> tuple[str, ...]:
    if variant is None:
        return ()
    return tuple(label(name) for name in trees(variant).empty_fields(everything))

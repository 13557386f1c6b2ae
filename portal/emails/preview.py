"""What a template looks like as one of its recipients, saved or not."""

from __future__ import annotations

import msgspec

from portal.actor import Actor
from portal.emails import fields, lint, queries
from portal.emails.checks import Text, text_errors, tidy
from portal.emails.fields import FIELDS
from portal.emails.letters import Brand, Rendered, Variant, render, trees
from portal.emails.lint import Finding
from portal.emails.queries import Recipient, SenderRow
from portal.outcomes import Missing
from portal.settings import settings

SAMPLE = 0  # the id of the invented person


class Preview(msgspec.Struct, frozen=True):
    """A letter as it would reach somebody. `letter` is None while the text is empty or has problems."""

    letter: Rendered | None
    sender: SenderRow | None
    empty: list[str]  # labels of fields that this person has no value for
    findings: list[Finding]  # what else to look at
    samples: dict[str, str]  # field -> this person's value

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """(name, label, value) of all fields, for the field picker."""
        return [(name, fields.label(name), self.samples.get(name, "")) for name in FIELDS]


async def show(actor: Actor, text: Text, locale: str, person: int, *, sender_id: int | None, optional: bool) -> Preview:
    """The letter in a language, as the person of a dossier (or the invented one) would get it. Raises Missing."""
    sender, brand = await queries.sender_of(sender_id), await queries.brand()
    made = await values_of(actor, locale, person, brand.name, sender.name if sender else "")
    return shown(text, locale, made, brand, sender, optional=optional)


def shown(
    text: Text, locale: str, made: dict[str, str], brand: Brand, sender: SenderRow | None, *, optional: bool
) -> Preview:
    """The letter with the merge values `made`."""
    text, errors = tidy(text), text_errors(text, tidy(text))
    if errors:
        return Preview(None, sender, [], [], made)
    variant = Variant(locale, text.subject, text.preheader, text.body, optional)
    empty = [fields.label(name) for name in trees(variant).empty_fields(made)]
    letter = render(variant, made, here(brand), locale)
    findings = lint.of_text(variant, made, letter.subject, letter.html)
    return Preview(letter, sender, empty, findings + lint.of_brand(optional, brand.postal_address), made)


def here(brand: Brand) -> Brand:
    """The brand for a page of ours: pictures come from where the page came from."""
    return msgspec.structs.replace(brand, base="")


async def values_of(actor: Actor, locale: str, person: int, organisation: str, sender: str) -> dict[str, str]:
    """The merge values of a dossier that the actor may see, or of the invented person."""
    if person == SAMPLE:
        facts = fields.sample_facts(locale, organisation, sender, settings().base_url.rstrip("/"))
    else:
        facts = await queries.facts_of(actor, person, locale, organisation, sender)
    return fields.values(facts, locale)


async def people(actor: Actor, search: str, chosen: int) -> list[Recipient]:
    """Whom one can preview as: the latest dossiers, or those found; the chosen one always."""
    found = await queries.recipients(actor, search)
    if chosen == SAMPLE or any(one.id == chosen for one in found):
        return found
    one = await queries.recipient(actor, chosen)
    if one is None:
        raise Missing
    return [one, *found]

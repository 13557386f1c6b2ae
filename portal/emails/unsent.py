"""Letters that have not left and were planned with an earlier version of their template, and what they would say now.

Reads only. Letters that somebody edited for one recipient are left alone: they are nobody's template any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from portal import db
from portal.actor import Actor
from portal.emails import diffs, queries
from portal.emails.diffs import Line
from portal.emails.fields import values
from portal.emails.letters import Brand, Variant, render, subject_of, trees
from portal.emails.queries import Version
from portal.scope import sees_dossier
from portal.settings import settings

SAMPLES = 3  # letters that are shown
ALWAYS = ("unsubscribe_link",)  # what the layout prints, whatever the template says

# Messages of automatic e-mails that are on hold or in a batch that no worker has: found by origin, through the index
# of what needs attention and through open batches, since a queued message has no index of its own.
UNSENT = f"""
with mine as (
    select o.id, t.id as trigger_id, t.phase_id from origin o join trigger t on t.id = o.ref_id
    where o.kind = 'trigger' and o.gate <> 'cancelled'),
unsent as (
    select m.id, o.trigger_id, o.phase_id from mine o join message m on m.origin_id = o.id and m.attention = 'held'
    union all
    select m.id, o.trigger_id, o.phase_id from mine o
    join batch b on b.origin_id = o.id and b.done_at is null and b.run_id is null and b.lo is not null
    join message m on m.origin_id = o.id and m.id between b.lo and b.hi and m.attempts = b.attempt
        and m.state = 'queued'
    union all
    select m.id, o.trigger_id, o.phase_id from mine o
    join batch b on b.origin_id = o.id and b.done_at is null and b.run_id is null and b.lo is null
    join message m on m.id = any (b.ids) and m.origin_id = o.id and m.attempts = b.attempt and m.state = 'queued')
select m.id, m.address, m.dossier_id, m.person_id, m.state::text as state, d.campaign_id, d.locale as wished,
       d.first_name, d.last_name, d.number, c.default_locale, v.number as version, l.version_id, l.locale, l.subject,
       l.values, l.from_name, coalesce((select w.locale from organisation w), 'en') as organisation_locale,
       p.closes_at as phase_closes_at, u.phase_id, s.public_label as status
from unsent u join message m on m.id = u.id join letter l on l.id = m.id
join template_version v on v.id = l.version_id and v.number is not null
join template t on t.id = v.template_id and t.version_id <> v.id
join dossier d on d.id = m.dossier_id join campaign c on c.id = d.campaign_id
left join phase p on p.id = u.phase_id
left join status_change x on x.id = m.occurrence and x.dossier_id = m.dossier_id
left join status s on s.id = x.to_id
where {sees_dossier()} and t.id = $3 and ($4::bigint[] is null or m.id = any ($4))
order by m.id"""


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that has not left. `wished`: the candidate's language; `version`: the number it was planned with.

    `status`: the public name of the status that its change entered; None when it was no change.
    """

    id: int
    address: str
    dossier_id: int
    person_id: int | None
    state: str
    campaign_id: int
    wished: str
    first_name: str
    last_name: str
    number: str
    default_locale: str
    version: int
    version_id: int
    locale: str
    subject: str
    values: dict[str, str]
    from_name: str
    organisation_locale: str
    phase_closes_at: datetime | None
    phase_id: int | None
    status: dict[str, str] | None

    @property
    def internal(self) -> bool:
        """Whether it goes to colleagues or is a copy: then its link leads to the desk."""
        return self.person_id is None

    @property
    def name(self) -> str:
        """Whose dossier it is about."""
        return f"{self.first_name} {self.last_name}".strip() or self.number


class Remade(msgspec.Struct, frozen=True):
    """What a letter says with the version in force; frozen values as the register keeps them."""

    locale: str
    subject: str
    values: dict[str, str]


class Sample(msgspec.Struct, frozen=True):
    """A letter as it is and as it would be, line by line; empty lists where nothing changes."""

    letter: Unsent
    locale: str
    subject: list[Line]
    text: list[Line]


async def count(actor: Actor, template_id: int) -> int:
    """How many there are, without reading what they say."""
    if not actor.may("message.act"):
        return 0
    return int(await db.fetchval(f"select count(*) from ({UNSENT}) waiting", *actor.scope, template_id, None))


async def unsent(actor: Actor, template_id: int, messages: Sequence[int] | None = None) -> list[Unsent]:
    """The letters of the actor's campaigns that an earlier version has written; `messages`: only those of these."""
    if not actor.may("message.act"):
        return []
    return await db.fetch_as(Unsent, UNSENT, *actor.scope, template_id, list(messages) if messages else None)


async def remade(letter: Unsent, version: Version) -> Remade:
    """The letter with the version in force: in the language that is best now, with the facts of today."""
    wished = letter.locale if letter.internal else letter.wished
    locale, _falls_back = queries.pick(version, wished, letter.default_locale, letter.organisation_locale)
    variant = version.variants[locale]
    everything = await _values(letter, locale)
    kept = {name: everything[name] for name in sorted({*trees(variant).fields(), *ALWAYS}) if everything.get(name)}
    return Remade(locale, subject_of(variant, everything), kept)


async def _values(letter: Unsent, locale: str) -> dict[str, str]:
    facts = await queries.facts_of_dossier(letter.dossier_id, locale, internal=letter.internal)
    facts = msgspec.structs.replace(facts, sender_name=letter.from_name)
    if letter.status is not None:
        facts = msgspec.structs.replace(facts, status_label=letter.status)
    if letter.phase_id is not None:
        facts = msgspec.structs.replace(facts, closes_at=letter.phase_closes_at)
    return values(facts, locale)


async def samples(letters: Sequence[Unsent], version: Version) -> list[Sample]:
    """A few letters as they are and as they would be, of as many languages as there are."""
    by_locale = {letter.locale: letter for letter in reversed(letters)}
    chosen = list({letter.id: letter for letter in (*by_locale.values(), *letters)}.values())[:SAMPLES]
    brand = await queries.brand()
    return [await _sample(letter, version, brand) for letter in chosen]


async def _sample(letter: Unsent, version: Version, brand: Brand) -> Sample:
    new = await remade(letter, version)
    before = (await queries.version(letter.version_id)).variants[letter.locale]
    old_text = _shown(letter, before, letter.values)
    new_text = _shown(letter, version.variants[new.locale], new.values)
    old, now = (render(variant, merged, brand, variant.locale) for variant, merged in (old_text, new_text))
    subject = diffs.of_lines(old.subject, now.subject)
    return Sample(letter, new.locale, subject, diffs.of_texts(old.text, now.text))


def _shown(letter: Unsent, variant: Variant, merged: Mapping[str, str]) -> tuple[Variant, dict[str, str]]:
    """Without the candidate's own link, which opens the application to whoever holds it."""
    base = settings().base_url.rstrip("/")
    ours = {"dossier_link": f"{base}/dossiers/{letter.dossier_id}", "unsubscribe_link": f"{base}/u/example"}
    return variant, {**merged, **{name: ours[name] for name in ours if name in merged}}

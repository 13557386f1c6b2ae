"""Letters of a plan to look at (B01): any recipient's; the longest, the emptiest, one in each language."""

from __future__ import annotations

from typing import Any

import msgspec

from portal import db
from portal.actor import Actor
from portal.emails import actions as emails_actions
from portal.emails import fields, preview
from portal.emails import queries as emails
from portal.emails.letters import render, trees
from portal.emails.queries import Version
from portal.i18n import _
from portal.mailings import letters, planning
from portal.mailings.letters import Letters, Words
from portal.mailings.planning import Plan
from portal.mailings.queries import Mailing
from portal.outcomes import Missing, Refused

LOOKED_AT = 20_000  # recipients among whom the longest and the emptiest letters are looked for

# Each way to be worth a look has its first row; a record may be in several.
WORTH = """
with made as materialized (
    select r.record_id, r.locale, length(v.given::text) as size, (select count(*) from jsonb_object_keys(v.given)) as n
    from {source})
(select record_id, 'longest' as kind from made order by size desc, record_id limit 1)
union all (select record_id, 'emptiest' from made order by n, size, record_id limit 1)
union all (select distinct on (locale) record_id, 'language' from made order by locale, record_id)"""
ONE = """
select r.record_id, r.person_id, r.dossier_id, r.address, r.name, r.locale, r.fallback, r.from_address, r.from_name,
    r.reply_to, v.given
from {source} where r.state = 'queued' and r.record_id = {record}"""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as one record gets it. `kind`: longest, emptiest, language, or "". `empty`: labels of empty fields."""

    record_id: int
    person_id: int
    dossier_id: int | None
    address: str
    name: str
    locale: str
    fallback: bool
    from_address: str
    from_name: str
    reply_to: str
    given: dict[str, Any]
    kind: str = ""
    subject: str = ""
    html: str = ""
    text: str = ""
    empty: list[str] = []


async def samples(plan: Plan, most: int | None = None) -> list[Sample]:
    """Those worth a look, each record once, the longest letter first. The plan has a version."""
    assert plan.version is not None
    said = await letters.words_of(plan, plan.version)
    some = f"select * from ({plan.sql}) planned where state = 'queued' limit {LOOKED_AT}"
    made = Letters(msgspec.structs.replace(plan, sql=some), plan.version, said, "", shown=True)
    rows = await db.fetch(WORTH.format(source=made.source()), *made.parameters.values)
    kinds = {row["record_id"]: row["kind"] for row in reversed(rows)}
    ordered = list(dict.fromkeys(row["record_id"] for row in rows))[:most]
    found = [await _of_record(plan, plan.version, said, record_id) for record_id in ordered]
    return [msgspec.structs.replace(each, kind=kinds[each.record_id]) for each in found]


async def of_record(plan: Plan, record_id: int) -> Sample:
    """The letter that a record gets. Raises Missing when it gets none."""
    if plan.version is None:
        raise Missing
    return await _of_record(plan, plan.version, await letters.words_of(plan, plan.version), record_id)


async def _of_record(plan: Plan, version: Version, said: Words, record_id: int) -> Sample:
    made = Letters(plan, version, said, "", shown=True)
    sql = ONE.format(source=made.source(), record=made.parameters.add(record_id, "bigint"))
    row = await db.one_as(Sample, sql, *made.parameters.values)
    if row is None or row.locale not in version.variants:
        raise Missing
    variant = version.variants[row.locale]
    letter = render(variant, row.given, preview.here(await emails.brand()), row.locale)
    empty = [fields.label(name) for name in trees(variant).empty_fields(row.given)]
    return msgspec.structs.replace(row, subject=letter.subject, html=letter.html, text=letter.text, empty=empty)


async def send_test(by: Actor, mailing: Mailing, record_id: int) -> int:
    """Send whoever asks the letter of a record (0: of the first). Returns the message's id. Raises Missing, Refused."""
    plan = await planning.plan_of(by, mailing)
    if plan.version is None:
        raise Refused(_("Choose a template first."))
    if not record_id:
        first = await planning.rows(plan, state="queued", limit=1)
        record_id = first.items[0].record_id if first.items else 0
    seen = await of_record(plan, record_id)
    return await emails_actions.send_test(plan.version, seen.locale, seen.given, by)

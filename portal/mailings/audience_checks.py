"""The template read over everybody who would get it (B11): what is empty for how many, and who else writes to them."""

from __future__ import annotations

from portal import db
from portal.emails import lint, lint_words
from portal.emails.letters import trees
from portal.emails.lint import Finding
from portal.formats import list_and
from portal.i18n import _, language_name
from portal.mailings import letters
from portal.mailings.letters import Letters
from portal.mailings.planning import Plan, Summary
from portal.mailings.queries import Mailing

PRESENT = "x"  # stands for any value
DAYS = 3  # what was sent so lately counts as a clash
MOST_CLASHES = 5

# People who have the same values are one row: letters that differ in nothing but what stands in the fields.
PATTERNS = """
select r.locale, array(select jsonb_object_keys(v.given) order by 1) as given, count(*)::int as n
from {source} where r.state = 'queued' group by 1, 2"""

# Other mailings that have written to these people lately, or are about to leave.
LATELY = """
select m.name, count(distinct x.address)::int as n
from ({planned}) r join message x on lower(x.address) = lower(r.address)
    and x.created_at > now() - make_interval(days => {days}) and x.state not in ('skipped', 'cancelled', 'failed')
join origin o on o.id = x.origin_id and o.kind = 'mailing' join mailing m on m.id = o.ref_id
where r.state = 'queued' and m.id <> {own} group by m.id order by 2 desc, 1 limit {most}"""


def of_template(plan: Plan, summary: Summary) -> list[tuple[str, str]]:
    """(tone, sentence) about the template itself, as far as its languages are used."""
    assert plan.version is not None
    variants = plan.version.variants
    used = {locale: variants[locale] for locale in sorted(summary.by_locale) if locale in variants}
    found: list[Finding] = []
    for variant in used.values():
        found += lint.of_text(variant, {}, variant.subject, variant.body)
    found += lint.of_languages(used)
    said = [(lint_words.tone(each), lint_words.sentence(each, named=True)) for each in found]
    if not said:
        languages = list_and([language_name(locale) for locale in used])
        said = [("ok", _("Written in every language that is needed: {languages}").format(languages=languages))]
    return said


async def empty_fields(plan: Plan) -> dict[str, int]:
    """For how many people a field would be printed although they have no value for it; the most first."""
    version = plan.version
    assert version is not None
    made = Letters(plan, version, await letters.words_of(plan, version), "")
    variants, found = version.variants, dict[str, int]()
    for row in await db.fetch(PATTERNS.format(source=made.source()), *made.parameters.values):
        if row["locale"] not in variants:
            continue
        values = dict.fromkeys(row["given"], PRESENT)
        for name in trees(variants[row["locale"]]).empty_fields(values):
            found[name] = found.get(name, 0) + row["n"]
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


async def lately(plan: Plan, mailing: Mailing) -> list[tuple[str, int]]:
    """Mailings of the last days that the same people got, with how many of them."""
    own, days, most = (f"${len(plan.parameters) + n}::int" for n in (1, 2, 3))
    sql = LATELY.format(planned=plan.sql, own=own, days=days, most=most)
    rows = await db.fetch(sql, *plan.parameters, mailing.id, DAYS, MOST_CLASHES)
    return [(row["name"], row["n"]) for row in rows]

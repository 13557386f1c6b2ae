"""The page that reads a template over the people who would get it (B11), and tries its links."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal.actor import Actor
from portal.campaigns import phases
from portal.campaigns.queries import Status, statuses
from portal.emails import library, lint, lint_words, preview
from portal.emails import queries as emails
from portal.emails.checks import Text
from portal.emails.fields import Facts
from portal.emails.library import TemplateRow
from portal.emails.queries import Version
from portal.i18n import LOCALES, _, text_in
from portal.outcomes import Missing
from portal.proofreading import links, readers, reports, words
from portal.proofreading.readers import Audience, Campaign
from portal.triggers import people as triggers_people
from portal.triggers import queries as triggers
from portal.triggers.facts import Rule
from portal.triggers.rules import recipients_of
from portal.web.htmx import Request
from portal.web.pages import page
from portal.web.rights import needs

HERE = "/templates/{template_id:int}/recipients"
NAMED = 20  # people named under a finding
STATUS, TRIGGER = "status:", "trigger:"


class Choices(msgspec.Struct, frozen=True):
    """What the form offers: statuses, and the triggers that use the template."""

    statuses: list[Status]
    rules: list[Rule]


@get(HERE, opt=needs("template.see"))
async def recipients_page(
    request: Request, template_id: FromPath[int], campaign: FromQuery[int] = 0, who: FromQuery[str | None] = None
) -> Response[Any]:
    """What is wrong with a template for the people who would get it."""
    return await _page(request, template_id, campaign, who)


@post(HERE + "/links", opt=needs("template.see"), status_code=200)
async def try_links(request: Request, template_id: FromPath[int]) -> Response[Any]:
    """The same page, with the links of all languages tried."""
    return await _page(request, template_id, 0, None, trying=True)


async def _page(
    request: Request, template_id: int, campaign_id: int, who: str | None, *, trying: bool = False
) -> Response[Any]:
    actor = request.user
    row, version = await library.opened(actor, template_id)
    written = list(dict.fromkeys(link for variant in version.variants.values() for link in lint.links(variant)))
    tried = await links.try_all(written) if trying else None
    campaigns = await readers.campaigns(actor, template_id) if actor.may("dossier.see") else []
    chosen = campaign_id or (campaigns[0].id if campaigns else 0)
    context = await _audience(actor, row, version, chosen, who) if chosen else {"report": None, "choices": None}
    return page(
        request,
        "proofreading/recipients.html",
        row=row,
        version=version,
        campaigns=[(each.id, text_in(each.title)) for each in campaigns],
        campaign_id=chosen,
        found=await _findings(actor, version),
        has_links=bool(written),
        tried=[(words.link_tone(each), words.link_sentence(each)) for each in tried] if tried is not None else None,
        **context,
    )


async def _findings(actor: Actor, version: Version) -> list[tuple[str, str]]:
    """What catches the eye in any language, as (tone, sentence)."""
    found = lint.of_languages(version.variants)
    brand, sender = await emails.brand(), await emails.sender_of(version.sender_id)
    for locale in (each for each in LOCALES if each in version.variants):
        one = version.variants[locale]
        text = Text(one.subject, one.preheader, one.body)
        made = await preview.values_of(actor, locale, preview.SAMPLE, brand.name, sender.name if sender else "")
        found += preview.shown(text, locale, made, brand, sender, optional=version.optional).findings
    return [(lint_words.tone(each), lint_words.sentence(each, named=True)) for each in dict.fromkeys(found)]


async def _audience(
    actor: Actor, row: TemplateRow, version: Version, campaign_id: int, who: str | None
) -> dict[str, Any]:
    campaign = await readers.campaign(actor, campaign_id)
    choices = await _choices(row, campaign)
    if who is None:  # a trigger that uses it, if there is one
        who = f"{TRIGGER}{choices.rules[0].id}" if choices.rules else ""
    audience = await _chosen(campaign, choices, who)
    found = await _report(actor, version, campaign, audience)
    people = {each.id: each for each in await readers.named([n for gap in found.gaps for n in gap.dossiers[:NAMED]])}
    gaps = [
        (
            words.gap_tone(gap),
            words.gap_sentence(gap),
            [people[number] for number in gap.dossiers[:NAMED]],
            gap.people,
        )
        for gap in found.gaps
    ]
    said, others = audience_words(audience), await _colleagues(found, audience)
    return {"report": found, "choices": choices, "who": who, "gaps": gaps, "said": said, "others": others}


async def _colleagues(found: reports.Report, audience: Audience) -> list[tuple[str, str]]:
    """The others who get a trigger's letters, as (tone, sentence); tried on one dossier of the audience."""
    if audience.rule is None or not found.some:
        return []
    people = await triggers_people.people_of(await triggers_people.found(found.some), [audience.rule])
    everybody = recipients_of(audience.rule, "send", people)
    return [words.colleague(each) for each in everybody if each.internal and each.recorded]


async def _choices(row: TemplateRow, campaign: Campaign) -> Choices:
    rules_here = [rule for rule in await triggers.rules_of(campaign.id) if rule.template_id == row.id]
    return Choices(await statuses(campaign.id), rules_here)


async def _chosen(campaign: Campaign, choices: Choices, who: str) -> Audience:
    """The audience that the form names. Raises Missing for nonsense."""
    if not who:
        return readers.of_status(campaign, None)
    for status in choices.statuses:
        if who == f"{STATUS}{status.id}":
            return readers.of_status(campaign, status)
    for rule in choices.rules:
        if who == f"{TRIGGER}{rule.id}":
            return readers.of_rule(campaign, rule, choices.statuses, await phases.of_campaign(campaign.id))
    raise Missing


async def _report(actor: Actor, version: Version, campaign: Campaign, audience: Audience) -> reports.Report:
    variants = version.variants
    answers = reports.answers_of(variants.values(), campaign.questions.__contains__)
    groups = await readers.groups(actor, campaign.id, audience, version.optional, answers)
    brand, sender = await emails.brand(), await emails.sender_of(version.sender_id)
    common = Facts(
        campaign_title=campaign.title,
        closes_at=audience.closes_at,
        time_zone=campaign.time_zone,
        status_label=audience.label,
        organisation_name=brand.name,
        sender_name=sender.name if sender else "",
    )
    wishes = (campaign.default_locale, campaign.organisation_locale)
    return reports.report(groups, answers, variants, version.fallback_locale, wishes, common)


def audience_words(audience: Audience) -> str:
    """Whose letters were looked at, where it is a trigger's."""
    family = audience.rule.family if audience.rule else ""
    return {
        "candidate": _("Everybody who has not submitted yet and would get it after submitting."),
        "deadline": _("Everybody who would be reminded if the day were today."),
        "manager": _("Everybody whose status could become the one that sends it."),
    }.get(family, "")


routes: list[Any] = [recipients_page, try_links]

"""Stored cross-site scripting: a canary in every text that people can write, then every page and answer is read.

The columns come from the database itself: a column that is added gets its canary without anybody thinking of it.
"""

from __future__ import annotations

import re
from typing import Any

from litestar import Litestar

from portal import db
from portal.accounts.actions import create_api_key
from portal.i18n import LOCALES
from tests.clients import Client, Page
from tests.house.furnished import furnished
from tests.house.routes import World, routes

CANARY = "<img src=x onerror=alert(1)>\"'{{7*7}}{0}"
MARKUP = "img:not([src^='/pictures/0']), [onerror], script:not([src])"  # the world's picture is no canary
RAW = re.compile(r"<img src=x|onerror=alert\(1\)>\"'")
HOSTILE_LETTER = f"""Message-ID: <{CANARY}@mail.example>\r
From: {CANARY} <ana@people.example>\r
To: "{CANARY}" <x@y.example>, =?utf-8?q?=3Cscript=3Ealert(1)=3C/script=3E?= <z@y.example>\r
Subject: {CANARY}\r
Reply-To: {CANARY}\r
X-Broken: =?utf-8?b?!!!?= {CANARY}\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
{CANARY}\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<script>alert(1)</script>{CANARY}\r
--b--\r
""".encode()

# What programs choose, never people: names of things, languages, zones, hashes, addresses made by us.
MACHINE = {
    *("account.password_hash", "account.roles", "account.locale", "account.time_zone", "api_key.rights"),
    *(
        "attempt.state",
        "batch.waits_for",
        "batch.pools",
        "campaign.slug",
        "campaign.locales",
        "campaign.default_locale",
    ),
    *("campaign.time_zone", "campaign.number_prefix", "campaign_member.role", "dossier.locale", "dossier.once"),
    *("dossier_file.stored_as", "dossier_file.media_type", "letter.locale", "letter.system", "message.reason"),
    *("organisation.brand_colour", "organisation.locale", "organisation.time_zone", "organisation.resend_uncertain"),
    "organisation.limit_zone",
    *("origin.gate", "origin.gate_reason", "origin.kind"),
    *("person.kind", "person.locale", "question.key", "question.kind", "session.toasts", "status.key", "status.tone"),
    *("status_change.actor_kind", "status_change.mode", "suppression.address", "suppression.scope"),
    *("suppression.reason", "template.category", "template.key", "template_variant.locale"),
    *("template_variant.subject", "template_variant.preheader", "template_variant.body"),  # checked when saved
    *("template_version.fallback_locale", "timeline_event.actor_kind", "timeline_event.subject", "timeline_event.what"),
    *("decision.event", "decision.why_not", "reminder.state", "custom_view.module", "job_item.state"),
    *("import_file.kind", "import_file.stored_as", "import_file.state", "import_file.reading", "import_file.options"),
    *("import_problem.field", "import_problem.problem"),
    *("schedule.module", "schedule.per", "schedule.from_kind", "schedule.reply_kind", "schedule.time_zone"),
    *("schedule.rule", "schedule_run.state", "autoresponder.cause", "autoresponder.question"),
    *("picture.key", "picture.media_type", "attachment.media_type"),
    *("trigger.family", "trigger.recipients", "role.key", "role.rights", "organisation.second_factor"),
}
TABLES = (
    *("account", "api_key", "attempt", "campaign", "dossier", "dossier_file", "letter", "mailbox_letter", "message"),
    *("organisation", "person", "question", "sender", "session", "status", "status_change", "suppression", "template"),
    *("template_version", "timeline_event", "trigger", "campaign_member", "origin", "template_variant", "batch"),
    *("decision", "reminder", "picture", "attachment", "role", "criterion", "score", "note", "conflict_of_interest"),
    *("programme", "phase", "custom_view", "import_file", "import_problem", "job_item", "schedule"),
    *("schedule_run", "autoresponder"),
)
COLUMNS = """
select table_name || '.' || column_name as name, table_name as table, column_name as column, udt_name as kind
from information_schema.columns
where table_schema = 'public' and table_name = any ($1) and udt_name in ('text', 'citext', '_text', 'jsonb')
and is_generated = 'NEVER'"""


async def infest() -> list[str]:
    """Put the canary everywhere. Returns the columns that have it."""
    infested = []
    for row in await db.fetch(COLUMNS, list(TABLES)):
        if row["name"] not in MACHINE:
            if row["kind"] == "jsonb":
                await _infest_json(row["table"], row["column"])
            else:
                value = {"text": "$1 || t.ctid::text", "citext": "$1 || t.ctid::text", "_text": "array[$1]"}[
                    row["kind"]
                ]
                await db.execute(f'update "{row["table"]}" t set "{row["column"]}" = {value}', CANARY)
            infested.append(row["name"])
    await db.execute("update mailbox_letter set raw = $1", HOSTILE_LETTER)
    return infested


async def _infest_json(table: str, column: str) -> None:
    for row in await db.fetch(f'select ctid::text as place, "{column}" as value from "{table}"'):
        sql = f'update "{table}" set "{column}" = $2 where ctid = $1::text::tid'
        await db.execute(sql, row["place"], spoiled(column, row["value"]))


def spoiled(column: str, value: Any) -> Any:
    """The same shape with the canary in every text."""
    if column in ("title", "label", "public_label", "help", "description"):
        return dict.fromkeys(LOCALES, CANARY)
    if column == "answers":
        return {"motive": CANARY, "colour": "a", CANARY: CANARY}
    if column == "choices" and value:
        return [{"key": each["key"], "label": dict.fromkeys(LOCALES, CANARY)} for each in value]
    if isinstance(value, dict):
        return {name: spoiled("", each) for name, each in value.items()}
    if isinstance(value, list):
        return [spoiled("", each) for each in value]
    return CANARY if isinstance(value, str) else value


async def test_nothing_that_people_write_becomes_markup(client: Client, app: Litestar) -> None:
    here = await furnished()
    await ask_everything(here)
    administrator = here.people["administrator"].email
    key = await create_api_key(administrator)
    await client.sign_in(administrator)
    infested = await infest()
    assert len(infested) > 40
    broken, seen = [], 0
    for route in routes(app):
        url = here.url(route.path)
        if route.method == "GET" and url is not None:
            headers = {"Authorization": f"Bearer {key}"} if route.path.startswith("/api/") else {}
            page = await client.get(url, follow=False, headers=headers)
            seen += "onerror" in page.text
            broken += [f"{route}: {why}" for why in wrong(page)]
    assert broken == []
    assert seen > 50  # the canary stands on most pages


async def ask_everything(here: World) -> None:
    """Questions of every kind, so that every kind of field is drawn."""
    sql = """insert into question (campaign_id, key, kind, label, help, choices, position)
        values ($1, $2, $3, '{"en": "?"}', '{"en": "?"}', $4, 9)"""
    choices = [{"key": "a", "label": {"en": "A"}}, {"key": "b", "label": {"en": "B"}}]
    for key, kind in (("motive", "long"), ("colour", "choice"), ("plan", "file"), ("age", "number"), ("day", "date")):
        await db.execute(sql, here.values["campaign_id"], key, kind, choices if kind == "choice" else [])


def wrong(page: Page) -> list[str]:
    """What an answer does with the canary that it must not."""
    kind = page.headers.get("content-type", "")
    if page.status >= 500:
        return [str(page.status)]
    if CANARY[:4] not in page.text and "onerror" not in page.text:
        return []
    if not page.is_html:  # shown as text, or read by programs; never sniffed
        nosniff = page.headers.get("x-content-type-options") == "nosniff"
        return [] if nosniff and kind.partition(";")[0] not in ("text/html", "image/svg+xml", "") else [kind]
    strict = policy(page).startswith(("default-src 'none'; script-src 'self'; ", "sandbox; default-src 'none'; "))
    found = [] if strict else ["policy"]
    if page.is_letter:
        return found
    found += ["an element"] if page.all(MARKUP) or RAW.search(page.text) else []
    found += ["a template that ran"] if "\"'49" in page.text or "&#39;49" in page.text else []
    return found


def policy(page: Page) -> str:
    """The policy of an answer."""
    return str(page.headers.get("content-security-policy", ""))

"""Whatever is typed into an address, a header, a form or a body: it is refused or shown, never a failure of ours."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from litestar import Litestar

from portal import db, tokens
from portal.accounts.actions import create_api_key
from portal.web.templating import CSRF_FIELD
from tests.clients import Client
from tests.house.furnished import furnished
from tests.house.routes import PARAMETER, World, routes

DIGITS = "9" * 5_000  # more than int() takes
NUL = "a\0b"
LONG = "x" * 4_000
ODD = "{{7*7}}{name}{0}%s%_\\'\"<b>\u202e٣"
NAMES = (
    *("q", "state", "reason", "campaign", "days", "cursor", "status", "language", "after", "before", "locale", "out"),
    *("as", "device", "part", "who", "to", "undo", "number", "dossier", "place", "family", "template", "back", "next"),
    *("kind", "done", "limit", "person", "archived", "version"),
)
TEXTS = ("q", "state", "reason", "status", "who", "to", "dossier", "family", "back", "next", "kind", "done", "locale")
PATHS = ("0", "-1", str(2**31), str(2**63), DIGITS, "%00", "%FF", "..%2f..", "1e3", LONG)


def forged(*parts: Any) -> str:
    """A cursor that was not made here."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def every(names: tuple[str, ...], value: str) -> str:
    """A query that says the same under every name."""
    return "&".join(f"{name}={value}" for name in names)


QUERIES = (
    every(NAMES, quote(NUL)),
    every(TEXTS, quote(NUL)),
    every(NAMES, str(2**63)),
    every(NAMES, "-1"),
    every(TEXTS, "%FF%ED%A0%80" + quote(ODD) + "x" * 1_000),
    "cursor=" + forged(False, "0001-01-01T00:00:00+14:00", 1) + "&after=9999-12-31&before=0001-01-01",
    "cursor=" + forged(False, "2026-01-01T00:00:00", 1) + "&after=-1&before=10000-01-01",
    "cursor=" + forged(True, 2**63 - 1),
    every(("campaign", "days", "as", "version"), DIGITS),
    f"cursor={DIGITS}",
)
HEADERS = (
    {"Referer": "http://[", "Origin": "http://["},
    {"Referer": "http://[", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null"},
    {"Referer": "//evil.example//x?\x7f", "Host": "evil.example:x"},
    {"HX-Request": "true", "HX-Target": "form#login", "HX-Current-URL": "http://[", "HX-Boosted": "%00"},
    {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "%00#%00", "HX-Source": "#"},
    {"Accept-Language": "x;q=9e9,*;q=nan," + "a-" * 500, "Cookie": 'lang="\\377"; session=%FF; csrf=; ='},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "multipart/form-data; boundary=" + "x" * 500},
    {"Content-Type": "application/x-www-form-urlencoded; charset=utf-7"},
    {"Content-Type": "\xff"},
    {"Idempotency-Key": "\xff" * 100, "Authorization": "Bearer \xff"},
)


class Back(Exception):
    """Ends the savepoint of a request: an error in the database must not spoil the next one."""


class Attacker:
    """Asks as an administrator, in the browser or with a key, and keeps what answered with a failure."""

    def __init__(self, client: Client, here: World, key: str) -> None:
        self.client, self.here, self.key = client, here, key
        self.failed: list[str] = []

    async def ask(self, method: str, url: str, **kwargs: Any) -> None:
        """One request. What it writes is rolled back."""
        own = {"Authorization": f"Bearer {self.key}"} if url.startswith("/api/") else {}
        headers = {name: value.encode("latin-1") for name, value in (own | kwargs.pop("headers", {})).items()}
        with contextlib.suppress(Back):
            async with db.transaction():
                answer = await self.client.http.request(method, url, headers=headers, **kwargs)
                raise Back
        if answer.status_code >= 500:
            self.failed.append(f"{method} {url[:100]} … {url[-40:]} {str(kwargs)[:200]}")


@pytest.fixture
async def attacker(client: Client) -> Attacker:
    """In a world in which every page has something to show."""
    here = await furnished()
    administrator = here.people["administrator"].email
    await client.sign_in(administrator)
    return Attacker(client, here, await create_api_key(administrator))


async def test_no_query_is_a_failure(attacker: Attacker, app: Litestar) -> None:
    for route in routes(app):
        url = attacker.here.url(route.path)
        if route.method == "GET" and url is not None:
            for query in QUERIES:
                await attacker.ask("GET", f"{url}{'&' if '?' in url else '?'}{query}")
    assert attacker.failed == []


async def test_no_id_is_a_failure(attacker: Attacker, app: Litestar) -> None:
    for route in routes(app):
        for name in PARAMETER.findall(route.path):
            for value in PATHS:
                url = attacker.here.url_with(route.path, name, value)
                await attacker.ask(route.method, url or "/")
    assert attacker.failed == []


async def test_no_header_is_a_failure(attacker: Attacker) -> None:
    token = await attacker.client._token() or ""
    places = ("/dossiers", "/login", "/language", "/nowhere", "/api/v1/people", "/apply")
    for headers in HEADERS:
        for method in ("GET", "POST"):
            for place in places:
                sent = {"X-CSRF-Token": token} | headers
                await attacker.ask(method, place, headers=sent, content=b"\0\xff--{" if method == "POST" else None)
    assert attacker.failed == []


@pytest.mark.parametrize("date", ["0001-01-01T00:00", "9999-12-31T23:59"])
async def test_a_date_that_has_no_instant_everywhere_is_refused(attacker: Attacker, date: str) -> None:
    page = await attacker.client.get("/campaigns/new")
    sent = page.form("/campaigns/new") | {"title.en": "X", "locales": ["en"], "default_locale": "en", "opens_at": date}
    page = await attacker.client.post("/campaigns/new", sent | {"time_zone": "Asia/Tokyo"})
    assert (page.status, page.errors) == (422, ["Enter a date and a time."])
    headers = {"Authorization": f"Bearer {attacker.key}"}
    body = {"title": {"en": "X"}, "time_zone": "America/New_York", "closes_at": date}
    answer = await attacker.client.http.post("/api/v1/campaigns", json=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"]) == (422, {"closes_at": "Enter a date and a time."})


async def test_a_message_that_cannot_be_addressed_has_a_page(attacker: Attacker) -> None:
    number = attacker.here.values["message_id"]
    await db.execute(
        "update message set state = 'skipped', reason = 'invalid_email', address = 'ana' where id = $1", number
    )
    await db.execute("update letter set shown_to = ''")
    assert (await attacker.client.get(f"/messages/{number}")).status == 200
    assert (await attacker.client.get(f"/messages/{number}/raw")).status == 404


async def test_no_form_is_a_failure(attacker: Attacker, app: Litestar) -> None:
    token = await attacker.client._token()
    for action, fields, choices in await forms_of(attacker, app):
        for value, names in ((NUL + ODD, fields.keys() - choices), (DIGITS, fields.keys())):
            await attacker.ask("POST", action, data=fields | dict.fromkeys(names, value) | {CSRF_FIELD: token})
    assert attacker.failed == []


async def forms_of(attacker: Attacker, app: Litestar) -> list[tuple[str, dict[str, Any], set[str]]]:
    """All forms of all pages, once each: where they go, what an untouched one sends, what is only to be chosen."""
    found = {}
    for route in routes(app):
        url = attacker.here.url(route.path)
        if route.method == "GET" and url is not None and not route.path.startswith("/api/"):
            page = await attacker.client.get(url)
            for form in page.all('form[method="post"]'):
                action = form.attrs["action"] or ""
                chosen = {each.attrs.get("name") or "" for each in form.query("select, [type=hidden], [type=radio]")}
                found[action, *sorted(chosen)] = (action, page.form_of(form), chosen)
    return list(found.values())


PERSON = {"email": "eve@people.example", "first_name": "Eve", "last_name": "Nowak", "locale": "en"}
LETTER = {"subject": "Hello", "body": "<p>Hello</p>", "preheader": ""}
PHASE = {
    "title": {"en": "X"},
    "entry_status": "accepted",
    "submitted_status": "rejected",
    "closes_at": "2098-01-01T00:00",
}
BODIES: dict[str, dict[str, Any]] = {
    "/campaigns": {"title": {"en": "X"}, "slug": "", "locales": ["en"], "opens_at": "2026-01-01T00:00"},
    "/campaigns/{campaign_id:int}": {"version": 1, "closes_at": "2098-01-01T00:00", "programme": 1},
    "/campaigns/{campaign_id:int}/duplicate": {"title": {"en": "X"}, "first_day": "2027-01-01", "team": True},
    "/campaigns/{campaign_id:int}/phases": PHASE,
    "/campaigns/{campaign_id:int}/phases/{phase_id:int}": PHASE | {"version": 1},
    "/programmes": {"title": {"en": "X"}, "description": {"en": "X"}},
    "/campaigns/{campaign_id:int}/statuses": {"key": "ready", "label": {"en": "Ready"}},
    "/campaigns/{campaign_id:int}/triggers": {
        "family": "manager", "template": 1, "name": "X", "to_status": "accepted", "recipients": ["account:1"],
        "cc": ["x@y.example"],
    },
    "/campaigns/{campaign_id:int}/triggers/{trigger_id:int}": {
        "family": "manager", "template": 1, "to_status": "accepted", "recipients": ["account:1"], "version": 1,
    },
    "/dossiers": {"campaign": 1, "person": PERSON, "answers": {}},
    "/dossiers/{dossier_id:int}/status": {"status": "accepted", "version": 1, "mode": "send", "reason": "x"},
    "/people": PERSON,
    "/views": {"name": "X", "module": "dossiers", "campaign": 1, "filters": {"status": ["accepted"]}, "columns": ["x"]},
    "/views/{view_id:int}": {"version": 1, "filters": {"status": "accepted"}},
    "/templates": {"name": "X", "category": "optional", "variants": {"en": LETTER}, "reply_to": ""},
    "/templates/{template_id:int}": {"name": "X", "category": "optional", "variants": {"en": LETTER}, "version": 1},
}  # fmt: skip
LEAVES: tuple[Any, ...] = (NUL, ODD, LONG, "account:" + DIGITS, 2**63, -1, 1e300, None, [], {"a": {"b": 1}})


def spoiled(body: Any, value: Any) -> Iterator[Any]:
    """The body with each of its parts, in turn, replaced by `value`."""
    yield value
    for name in body if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ():
        for part in spoiled(body[name], value):
            yield body | {name: part} if isinstance(body, dict) else [part]


async def test_no_body_is_a_failure(attacker: Attacker, app: Litestar) -> None:
    asked = {route.path.removeprefix("/api/v1") for route in routes(app) if route.path.startswith("/api/v1")}
    assert BODIES.keys() <= asked
    for route in routes(app):
        body = BODIES.get(route.path.removeprefix("/api/v1"))
        if route.method in ("POST", "PUT", "PATCH") and body is not None:
            for value in LEAVES:
                for each in spoiled(body, value):
                    await attacker.ask(route.method, attacker.here.url(route.path) or "", json=each)
    assert attacker.failed == []


async def test_a_candidates_link_stays_out_of_the_logs(attacker: Attacker, caplog: pytest.LogCaptureFixture) -> None:
    link = tokens.sign("dossier", attacker.here.values["dossier_id"])
    await attacker.ask("GET", f"/apply/%00/{link}")
    await attacker.ask("GET", f"/apply/{attacker.here.values['slug']}/{link}/files/{2**63}")
    assert "no such value: GET /apply/" in caplog.text
    assert link not in caplog.text

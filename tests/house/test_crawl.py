"""A walk through every GET route, as everybody, in every language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import available_timezones

import pytest
from babel import Locale
from litestar import Litestar

from portal import db, i18n
from portal.accounts.rules import rights_of
from tests.clients import Client, Page
from tests.house import html
from tests.house.routes import ROLES, Route, World, routes, world

OPEN, CLOSE = "⟦", "⟧"
INSIDE = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
WORD = re.compile(r"[^\W\d_]{3,}")
SPOKEN = ("aria-label", "title", "placeholder", "alt")
NAMES = {"convoca", "menu", "html", "csv", "xlsx", "pdf", "api", "json", "openapi", "bearer"}
UNSUBSCRIBE = "/u/"  # takes a mail program's POST, without a token
PASSING = ("session", "api_key")  # what signing in and looking leave behind


def pages_of(app: Litestar, here: World) -> Iterator[tuple[Route, str]]:
    """GET routes that are pages, with real ids."""
    for each in routes(app):
        if each.method == "GET" and not each.path.startswith("/api/v1"):
            url = here.url(each.path)
            if url is not None:
                yield each, url


def allowed(route: Route, role: str | None) -> bool:
    return route.right is None or (role is not None and route.right in rights_of((role,)))


async def walk(app: Litestar, client: Client, here: World, role: str | None) -> list[tuple[Route, Page]]:
    """All pages as one role (None: not signed in). Every one is checked by the client."""
    if role is not None:
        await client.sign_in(here.people[role].email)
    return [(route, await client.get(url, follow=False)) for route, url in pages_of(app, here)]


@pytest.mark.parametrize("role", [*ROLES, None])
async def test_everybody_gets_what_their_rights_open_and_nothing_else(
    client: Client, app: Litestar, role: str | None
) -> None:
    wrong = []
    for route, page in await walk(app, client, await world(), role):
        refused = (303,) if role is None else (403,)
        expected = (200, 303) if allowed(route, role) else refused
        if route.path == "/metrics":
            expected = (200, 404)
        wrong += [f"{route}: {page.status}"] if page.status not in expected else []
    assert wrong == []


@pytest.mark.parametrize("locale", ["es", "fr", "pl"])
async def test_every_page_works_in_every_language(
    make_client: Callable[..., Client], db: None, app: Litestar, locale: str
) -> None:
    here = await world()
    await speak(here, locale)
    client = make_client(locale=locale)
    spoken = [page for _route, page in await walk(app, client, here, "administrator") if is_page(page)]
    assert {page.one("html").attrs["lang"] for page in spoken} == {locale}


def is_page(page: Page) -> bool:
    """A whole page of ours: no letter, no file, no redirection."""
    return page.is_html and not page.is_letter and bool(page.all("main"))


async def speak(here: World, locale: str) -> None:
    ids = [each.id for each in here.people.values()]
    await db.execute("update account set locale = $2 where id = any($1)", ids, locale)


async def test_a_part_of_a_page_equals_its_part_of_the_whole(client: Client, app: Litestar) -> None:
    different = []
    for route, page in await walk(app, client, await world(), "administrator"):
        for target in sorted({each.attrs["hx-target"] or "" for each in page.all("[hx-target]")}):
            if target.startswith("#") and page.all(target) and target != "#dialog":
                part = await client.get(page.path, target=target[1:])
                same = part.all(target) and part.one(target).to_html() == page.one(target).to_html()
                different += [f"{route} {target}"] if not same else []
    assert different == []


async def test_every_link_leads_somewhere(client: Client, app: Litestar) -> None:
    pages = await walk(app, client, await world(), "administrator")
    links = {link.partition("#")[0]: str(route) for route, page in pages for link in page.links}
    dead = []
    for link, origin in sorted(links.items()):
        page = await client.get(link, follow=False)
        dead += [f"{origin}: {link} answers {page.status}"] if page.status not in (200, 303) else []
    assert dead == []


async def test_every_form_goes_to_a_route(client: Client, app: Litestar) -> None:
    dead = []
    for route, page in await walk(app, client, await world(), "administrator"):
        for form in page.all('form[method="post"]'):
            action = form.attrs["action"] or ""
            answer = await client.post(action, csrf=False, follow=False)
            if answer.status != 403 and not action.startswith(UNSUBSCRIBE):
                dead.append(f"{route}: {action} answers {answer.status}")
    assert dead == []


async def test_looking_changes_nothing(client: Client, app: Litestar) -> None:
    here = await world()
    await client.sign_in(here.people["administrator"].email)
    before = await contents()
    for _route, url in pages_of(app, here):
        await client.get(url, follow=False)
    assert await contents() == before


async def contents() -> dict[str, Any]:
    """A fingerprint of every table."""
    tables = await db.fetch("select tablename as name from pg_tables where schemaname = 'public' order by 1")
    sql = "select count(*) as rows, sum(hashtextextended(t::text, 0)) as print from {} t"
    names = [row["name"] for row in tables if row["name"] not in PASSING]
    return {name: dict(await db.fetchrow(sql.format(f'"{name}"')) or {}) for name in names}


class Brackets(i18n.Catalogs):
    """A language in which every translated text stands in brackets: what stands outside was never marked."""

    def of(self, locale: str) -> Any:
        return self

    def gettext(self, message: str) -> str:
        return f"{OPEN}{message}{CLOSE}"

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)

    def npgettext(self, context: str, singular: str, plural: str, n: int) -> str:
        return self.ngettext(singular, plural, n)


async def test_no_word_is_left_out_of_the_catalogs(
    make_client: Callable[..., Client], db: None, app: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await world()
    await speak(here, "pl")
    known = NAMES | await words_of_the_data() | words_of_dates("pl")
    monkeypatch.setattr(i18n, "catalogs", Brackets())
    left = {}
    for route, page in await walk(app, make_client(locale="pl"), here, "administrator"):
        if is_page(page) and (found := unmarked(page) - known):
            left[str(route)] = sorted(found)
    assert left == {}


def unmarked(page: Page) -> set[str]:
    """The words of a page that no catalog holds, in lower case."""
    for each in page.all('[translate="no"], body [lang]'):  # samples, letters, names of languages
        each.children.clear()
    pieces = html.sentences(page.one("body"))
    pieces += [each.attrs.get(name) or "" for each in page.all("*") for name in SPOKEN]
    return {word.lower() for piece in pieces for word in WORD.findall(outside(piece))}


def outside(text: str) -> str:
    """What stands in no bracket; a bracket that was cut off reaches to the end."""
    while INSIDE.search(text):
        text = INSIDE.sub(" ", text)
    return text.partition(OPEN)[0]


async def words_of_the_data() -> set[str]:
    """Every word that stands in a row: what people wrote is not ours to translate."""
    tables = await db.fetch("select tablename as name from pg_tables where schemaname = 'public'")
    rows = [await db.fetch(f'select t::text as text from "{table["name"]}" t') for table in tables]
    return {word.lower() for each in rows for row in each for word in WORD.findall(row["text"])}


def words_of_dates(locale: str) -> set[str]:
    """Babel’s months, days, languages, countries and units."""
    data = Locale.parse(locale)
    names = [*data.languages.values(), *data.territories.values(), *i18n.AUTONYMS.values(), *available_timezones()]
    names += [zone["city"] for zone in data.time_zones.values() if "city" in zone]
    for table in (data.months, data.days):
        names += [name for context in table.values() for width in context.values() for name in width.values()]
    return {word.lower() for name in names for word in WORD.findall(str(name))}

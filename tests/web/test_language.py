"""Which language a page speaks, and the switch."""

from __future__ import annotations

import pytest

from portal.actor import Actor
from tests.clients import Client
from tests.web.small import ALICE, Door, small_app


def lang(page: object) -> str:
    return page.one("html").attrs["lang"]  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize(
    ("header", "language"),
    [("pl", "pl"), ("de, fr;q=0.7, es;q=0.9", "es"), ("de", "fr"), ("", "fr"), ("xx;q=;;,", "fr")],
)
async def test_a_stranger_gets_the_browsers_language_else_the_houses(header: str, language: str) -> None:
    client = Client(small_app(default_locale="fr"), locale=header)
    assert lang(await client.get("/form")) == language


async def test_the_switch_keeps_the_page_and_is_remembered_by_a_cookie() -> None:
    client = Client(small_app(), locale="pl")
    page = await client.get("/form")
    assert page.form("/language") == {"next": "/form"}
    page = await client.post("/language", {"next": "/form?a=1", "locale": "es"})
    assert (page.path, lang(page)) == ("/form?a=1", "es")
    assert lang(await client.get("/form")) == "es"


async def test_the_switch_leads_to_no_other_site_and_to_no_other_language() -> None:
    client = Client(small_app())
    away = await client.post("/language", {"next": "//evil.example", "locale": "es"}, follow=False)
    unknown = await client.post("/language", {"next": "/form", "locale": "de"}, follow=False)
    assert (away.headers["location"], unknown.headers["location"]) == ("/", "/form")
    assert "lang=" not in unknown.headers.get("set-cookie", "")


async def test_an_accounts_own_language_wins_and_the_switch_changes_it() -> None:
    remembered = []

    async def remember(actor: Actor, locale: str) -> None:
        remembered.append((actor.name, locale))

    client = Client(small_app(Door(ALICE), remember_language=remember), locale="pl")
    assert lang(await client.get("/")) == "en"
    await client.post("/language", {"next": "/", "locale": "es"})
    assert remembered == [("Alice", "es")]


async def test_after_a_refused_form_the_switch_goes_back_to_the_forms_page() -> None:
    client = Client(small_app())
    page = await client.post("/form", {}, headers={"Referer": "http://portal.example/form?step=2"})
    assert (page.status, page.form("/language")["next"]) == (422, "/form?step=2")


async def test_the_current_language_is_named_and_the_others_are_buttons_in_their_own_words() -> None:
    page = await Client(small_app(), locale="fr").get("/form")
    assert page.texts("form.languages b") == ["français"]
    assert page.texts("form.languages button") == ["español", "polski", "English"]
    assert [each.attrs["lang"] for each in page.all("form.languages button")] == ["es", "pl", "en"]

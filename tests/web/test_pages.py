"""Whole pages and parts of them, toasts, the way back."""

from __future__ import annotations

import pytest

from portal.web.pages import own_path
from tests.clients import Client
from tests.web.small import ALICE, Door, small_app


async def test_a_whole_page_has_the_desk_and_its_own_content() -> None:
    client = Client(small_app(Door(ALICE)))
    page = await client.get("/")
    assert (page.status, page.h1) == (200, "Dossiers")
    assert page.texts("#nav li a") == ["Dashboard", "Dossiers"]
    assert page.texts("#nav [aria-current=page]") == ["Dashboard"]
    assert page.texts("#rows td")[0] == "Ana <b>"
    assert page.headers["vary"] == "HX-Request, HX-Request-Type, HX-Target"


async def test_htmx_gets_the_block_named_after_its_target_and_it_equals_its_part_of_the_page() -> None:
    client = Client(small_app(Door(ALICE)))
    whole, part = await client.get("/"), await client.get("/", target="rows")
    assert part.text.strip() == whole.one("#rows").to_html().strip() or part.texts("td") == whole.texts("#rows td")
    assert "<html" not in part.text


async def test_htmx_gets_the_whole_page_where_no_block_has_that_name_or_history_is_restored() -> None:
    client = Client(small_app(Door(ALICE)), checked=False)
    unknown = await client.get("/", target="elsewhere")
    restored = await client.get("/", target="rows", headers={"HX-History-Restore-Request": "true"})
    full = await client.get("/", target="rows", headers={"HX-Request-Type": "full"})
    assert ["<html" in each.text for each in (unknown, restored, full)] == [True, True, True]


async def test_after_an_action_303_leads_to_a_page_that_says_it_once() -> None:
    client = Client(small_app(Door(ALICE)))
    answer = await client.post("/", follow=False)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    page = await client.get("/")
    assert page.toasts == ["Moved. Undo"]
    assert (await client.get("/")).toasts == []


async def test_after_an_action_in_a_part_of_a_page_the_toast_comes_with_the_part() -> None:
    client = Client(small_app(Door(ALICE)))
    part = await client.post("/", target="rows", headers={"HX-Current-URL": "http://portal.example/"})
    assert part.texts("#rows td")[0] == "Ana <b>"
    assert '<hx-partial hx-target="#toasts" hx-swap="beforeend">' in part.text
    assert (await client.get("/")).toasts == []


async def test_after_an_action_in_a_dialog_or_on_another_page_the_browser_itself_goes() -> None:
    client = Client(small_app(Door(ALICE)))
    dialog = await client.post("/", target="dialog", follow=False)
    other = await client.post("/", target="rows", headers={"HX-Current-URL": "http://portal.example/dossiers"})
    assert (dialog.status, dialog.headers["hx-redirect"]) == (204, "/")
    assert (other.status, other.headers["hx-redirect"]) == (204, "/")
    assert (await client.get("/")).toasts == ["Moved. Undo", "Moved. Undo"]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("/dossiers?q=a", "/dossiers?q=a"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_the_way_back_stays_in_the_house(url: str | None, kept: str) -> None:
    assert own_path(url) == kept


async def test_a_letter_is_shown_under_a_policy_of_its_own() -> None:
    client = Client(small_app(), checked=False)
    paper = await client.get("/letter")
    assert paper.headers["content-security-policy"].startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'")
    assert paper.headers["x-frame-options"] == "SAMEORIGIN"

"""Refusals and failures: sentences for people, problem+json for programs, nothing from inside."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.clients import BASE_URL, Client
from tests.web.small import ALICE, KEY, Door, small_app


@pytest.mark.parametrize(
    ("path", "status", "h1", "words"),
    [
        ("/nowhere", 404, "Page not found", "There is nothing at this address, or you may not see it."),
        ("/form/x", 404, "Page not found", "There is nothing at this address, or you may not see it."),
        ("/gone", 404, "Page not found", "There is nothing at this address, or you may not see it."),
        ("/secret", 403, "No permission", "You may not see this page. Ask an administrator."),
        ("/stale", 409, "Changed in the meantime", "Somebody saved changes here first (Ola, today, 10:39)."),
        ("/refused", 422, "Nothing has been saved", "This address is taken."),
    ],
)
async def test_a_page_says_what_is_wrong(
    path: str, status: int, h1: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.web.errors.when", lambda at: f"today, {at:%H:%M}")
    page = await Client(small_app(Door(ALICE))).get(path)
    assert (page.status, page.h1) == (status, h1)
    assert words in page.words


async def test_a_failure_tells_a_reference_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    app = small_app()
    with caplog.at_level(logging.ERROR):
        answer = await Client(app, checked=False).http.get("/broken")
    assert answer.status_code == 500
    assert "a secret detail" not in answer.text
    reference = caplog.records[0].args[0]  # type: ignore[index]
    assert f"tell an administrator this reference: {reference}." in answer.text
    assert caplog.records[0].exc_info is not None


async def test_where_even_the_page_of_the_failure_fails_there_is_a_line_of_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_page(*_args: object, **_kwargs: object) -> None:
        raise LookupError("no template")

    monkeypatch.setattr("portal.web.errors.page", no_page)
    answer = await Client(small_app(), checked=False).http.get("/broken")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/plain; charset=utf-8")
    assert answer.text.startswith("Something went wrong here\nTry again.")
    assert "x-content-type-options" in answer.headers


async def test_a_part_of_a_page_gets_a_fragment_that_goes_on_top_and_spoils_nothing() -> None:
    part = await Client(small_app(Door(ALICE))).get("/secret", target="rows")
    assert (part.status, part.headers["hx-retarget"], part.headers["hx-reswap"]) == (403, "#problem", "innerHTML")
    assert part.texts("[role=alert] h2") == ["No permission"]
    assert "<html" not in part.text


async def test_a_dialog_shows_the_refusal_itself() -> None:
    part = await Client(small_app(Door(ALICE))).get("/secret", target="dialog")
    assert "hx-retarget" not in part.headers
    assert part.texts("#dialog-h") == ["No permission"]


async def test_another_method_is_not_allowed() -> None:
    page = await Client(small_app()).post("/letter")
    assert (page.status, page.h1) == (405, "This address cannot do that")
    assert "GET" in page.headers["allow"]


async def test_what_is_too_large_is_said() -> None:
    page = await Client(small_app()).post("/form", {"name": "x" * 20_000_001})
    assert (page.status, page.h1) == (413, "Too large")


async def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page_and_back() -> None:
    client = Client(small_app())
    page = await client.get("/secret?tab=2", follow=False)
    assert (page.status, page.headers["location"]) == (303, "/login?next=/secret%3Ftab%3D2")
    home = await client.get("/", follow=False)
    assert home.headers["location"] == "/login"
    part = await client.get("/", target="rows")
    assert (part.status, part.headers["hx-redirect"]) == (204, "/login")


async def test_the_api_answers_problems(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(small_app(), checked=False)
    unsigned = await client.get("/api/v1/things")
    refused = await client.get("/api/v1/refused")
    missing = await client.get("/api/v1/nothing")
    assert unsigned.response.headers["content-type"] == "application/problem+json"
    assert unsigned.response.json()["status"] == 401
    assert refused.response.json() == {
        "type": "about:blank",
        "title": "Nothing has been saved",
        "status": 422,
        "detail": "This address is taken.",
        "errors": {"slug": "This address is taken."},
    }
    assert (missing.status, missing.response.json()["status"]) == (404, 404)


async def test_a_browsers_session_does_not_open_the_api() -> None:
    by_session = await Client(small_app(Door(ALICE)), checked=False).get("/api/v1/things")
    by_key = await Client(small_app(Door(KEY)), checked=False).get("/api/v1/things")
    assert (by_session.status, by_key.status) == (401, 200)


async def test_a_route_that_declares_no_right_answers_nobody() -> None:
    page = await Client(small_app(Door(ALICE))).get("/undeclared")
    assert page.status == 403


async def test_errors_speak_the_readers_language_even_where_no_route_was_reached() -> None:
    transport = httpx.ASGITransport(app=small_app(), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers={"Accept-Language": "pl"}) as http:
        answers = [await http.get("/form/x"), await http.get("/nowhere")]
    assert ['<html lang="pl">' in each.text for each in answers] == [True, True]


async def test_whoever_leaves_while_sending_is_no_failure_of_ours(
    app: Litestar, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [
        (b"host", b"testserver"),
        (b"content-type", b"multipart/form-data; boundary=b"),
        (b"content-length", b"99"),
    ]
    scope: Any = {"type": "http", "method": "POST", "path": "/login", "raw_path": b"/login", "query_string": b""}
    scope |= {"headers": headers, "client": ("10.9.9.9", 1), "server": ("testserver", 80), "scheme": "http"}
    scope |= {"http_version": "1.1", "root_path": "", "asgi": {"version": "3.0"}, "state": {}}
    await app(scope, receive, send)
    assert answers[0]["status"] == 400
    assert [record.levelname for record in caplog.records if record.levelname == "ERROR"] == []

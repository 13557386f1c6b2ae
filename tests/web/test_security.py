"""Headers, cookies, tokens, origins."""

from __future__ import annotations

import pytest

from tests.clients import Client
from tests.web.small import ALICE, Door, small_app

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "frame-src 'self'",
}
SECURE = {"base_url": "https://portal.example"}


@pytest.mark.parametrize(
    "path", ["/", "/form", "/nowhere", "/form/x", "/api/v1/things", "/robots.txt", "/brand/aabbcc"]
)
async def test_every_answer_carries_the_headers(path: str) -> None:
    answer = await Client(small_app(Door(ALICE)), checked=False).get(path)
    assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in answer.headers


async def test_pages_are_not_kept_by_caches_and_assets_are_for_ever() -> None:
    app = small_app(Door(ALICE))
    client = Client(app)
    page = await client.get("/")
    style = await client.get(page.one('link[href*="portal.css"]').attrs["href"] or "")
    assert page.headers["cache-control"] == "no-store"
    assert set(style.headers["cache-control"].split(", ")) == {"public", "immutable", "max-age=31536000"}
    assert (style.status, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert (await client.get("/static/000000000000/css/portal.css")).status == 404


async def test_over_https_cookies_belong_to_this_host_alone() -> None:
    client = Client(small_app(Door(ALICE), **SECURE))
    answer = await client.get("/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-csrf=")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("token", [None, "", "x", "ż", "0" * 128])
async def test_a_form_without_its_token_is_refused(token: str | None) -> None:
    client = Client(small_app(Door(ALICE)))
    await client.get("/")
    page = await client.post("/", {} if token is None else {"_csrf_token": token}, csrf=False)
    assert (page.status, page.h1) == (403, "This page has expired")


async def test_htmx_sends_the_token_in_a_header() -> None:
    client = Client(small_app(Door(ALICE)))
    page = await client.get("/")
    token = page.one("body").attrs["hx-headers:inherited"] or ""
    answer = await client.post("/", csrf=False, follow=False, headers={"X-CSRF-Token": token.split('"')[3]})
    assert answer.status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://portal.example"}, 403),
        ({"Origin": "http://portal.example"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://portal.example.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:8000", "Host": "localhost:8000"}, 303),
    ],
)
async def test_another_sites_form_is_refused_even_with_the_token(headers: dict[str, str], status: int) -> None:
    client = Client(small_app(Door(ALICE)))
    await client.get("/")
    assert (await client.post("/", follow=False, headers=headers)).status == status


async def test_another_site_may_still_link_here() -> None:
    page = await Client(small_app(Door(ALICE))).get("/", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status == 200


async def test_answers_of_the_api_are_not_kept_by_caches() -> None:
    answer = await Client(small_app(Door(ALICE)), checked=False).get("/api/v1/things")
    assert answer.headers["cache-control"] == "no-store"


async def test_an_origin_that_is_no_address_is_another_site() -> None:
    client = Client(small_app(Door(ALICE)))
    assert (await client.post("/form", headers={"Origin": "http://["})).status == 403
    assert (await client.post("/form", headers={"Origin": "null"})).status == 403

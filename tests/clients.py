"""A browser without JavaScript for the tests, which checks every page it is given (tests/house/html.py).

client = make_client()
await client.sign_in(alice.email)
page = await client.get("/campaigns")
page = await client.post("/campaigns/7/settings", {"slug": "rural-labs"})     # token added, 303 followed
assert page.h1 == "Rural Labs" and page.toasts == ["Campaign saved."]
part = await client.get("/dossiers?q=ana", target="rows")                       # as htmx asks
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from justhtml.dom import Element
from litestar import Litestar

from portal.settings import ROOT
from portal.web.templating import CSRF_FIELD
from tests.factories import PASSWORD
from tests.house import html

BASE_URL = "http://portal.example"
REDIRECTS = (302, 303)
_visitors = itertools.count(1)
Data = Mapping[str, Any]
Portal = Callable[..., "subprocess.CompletedProcess[str]"]


class Page:
    """An answer: its status, and, when it is HTML, what stands in it."""

    def __init__(self, response: httpx.Response, whole: bool) -> None:
        self.response, self.whole = response, whole
        self.status, self.text, self.headers = response.status_code, response.text, response.headers
        self.path = response.url.raw_path.decode()
        self.is_html = response.headers.get("content-type", "").startswith("text/html")
        self.html = html.parsed(self.text if self.is_html else "", whole)

    @property
    def is_letter(self) -> bool:
        """Whether it is what a sandboxed frame shows: a letter, not a page of ours."""
        return self.headers.get("content-security-policy", "").startswith("sandbox")

    def all(self, selector: str) -> list[Element]:
        """Elements by a CSS selector."""
        return self.html.query(selector)

    def one(self, selector: str) -> Element:
        """The one element a selector finds."""
        found = self.all(selector)
        assert len(found) == 1, f"{len(found)} elements match {selector} on {self.path}"
        return found[0]

    def texts(self, selector: str) -> list[str]:
        """The words of the elements, blanks made single."""
        return [words(each) for each in self.all(selector)]

    @property
    def h1(self) -> str:
        """The heading of the page."""
        return words(self.one("h1"))

    @property
    def words(self) -> str:
        """All words of the page's main part (of the whole fragment, for a part)."""
        main = self.all("main")
        return words(main[0] if main else self.html.root)

    @property
    def toasts(self) -> list[str]:
        """What the toasts say."""
        return self.texts("#toasts p")

    @property
    def errors(self) -> list[str]:
        """The sentences of the summary of a refused form."""
        return self.texts(".errors li") or self.texts(".errors p")

    @property
    def links(self) -> list[str]:
        """Addresses of all own links."""
        return [each.attrs["href"] or "" for each in self.all("a[href]") if (each.attrs["href"] or "").startswith("/")]

    def form(self, action: str) -> dict[str, Any]:
        """The fields of the form that posts to `action`, filled in as shown: change and send them."""
        forms = [each for each in self.all("form") if each.attrs.get("action") == action]
        assert len(forms) == 1, f"{len(forms)} forms go to {action} on {self.path}"
        return fields(forms[0])

    def form_of(self, element: Element) -> dict[str, Any]:
        """The same of a form that was found already."""
        return fields(element)


class Client:
    """One visitor: cookies, a language, perhaps a signed-in session."""

    def __init__(self, app: Litestar, *, locale: str = "en", checked: bool = True, address: str | None = None) -> None:
        number = next(_visitors)
        address = address or f"10.0.{number // 250 % 250}.{number % 250}"  # limits count by address
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 50_000))
        headers = {"Accept-Language": locale, "Accept": "text/html"}
        self.http = httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)
        self.app, self.checked, self.address = app, checked, address

    async def sign_in(self, email: str, password: str = PASSWORD) -> Page:
        """Sign in through the page. Accounts of tests/factories.py have its PASSWORD."""
        await self.get("/login")
        page = await self.post("/login", {"email": email, "password": password})
        assert page.status == 200 and page.path != "/login", f"not signed in: {page.errors}"
        return page

    async def get(
        self, url: str, *, target: str | None = None, follow: bool = True, headers: Mapping[str, str] | None = None
    ) -> Page:
        """A page, or with `target` the part of it for the element of that id."""
        return await self._ask("GET", url, target, follow, headers)

    async def post(
        self,
        url: str,
        data: Data | None = None,
        *,
        files: Mapping[str, Any] | None = None,
        target: str | None = None,
        follow: bool = True,
        csrf: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Send a form, with the token unless `csrf=False`; a 303 is followed."""
        fields = dict(data or {})
        if csrf and (token := await self._token()):
            fields.setdefault(CSRF_FIELD, token)
        return await self._ask("POST", url, target, follow, headers, data=fields, files=files)

    async def _token(self) -> str | None:
        """A browser has it from the page the form stands on."""
        if self.http.cookies.get(self.app.state.csrf_cookie) is None:
            await self.http.get("/nothing-here")
        return self.http.cookies.get(self.app.state.csrf_cookie)

    async def _ask(
        self, method: str, url: str, target: str | None, follow: bool, headers: Mapping[str, str] | None, **kwargs: Any
    ) -> Page:
        sent = {**_htmx(target, urljoin(BASE_URL, url)), **(headers or {})}
        response = await self.http.request(method, url, headers=sent, **kwargs)
        if follow and response.status_code in REDIRECTS:
            return await self._ask("GET", response.headers["location"], target, follow, headers)
        assert response.status_code != 500, f"{method} {url}: {response.text}"
        page = Page(response, whole=target is None)
        if self.checked and page.is_html and not page.is_letter:
            html.check(page.text, f"{method} {url}", whole=page.whole)
        return page

    async def close(self) -> None:
        """Let go of the connection."""
        await self.http.aclose()


def _htmx(target: str | None, url: str) -> dict[str, str]:
    """The headers of htmx 4 for a request whose answer replaces the element `target`."""
    if target is None:
        return {}
    return {
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "HX-Target": f"div#{target}",
        "HX-Source": "form",
        "HX-Current-URL": urlsplit(url)._replace(query="").geturl(),
    }


def words(element: Any) -> str:
    """The text of an element, blanks made single."""
    return " ".join(element.to_text().split())


def fields(form: Element) -> dict[str, Any]:
    """What a browser would send for an untouched form, without buttons and the token; several values are a list."""
    found: dict[str, list[str]] = {}
    for each in form.query("input, textarea, select"):
        name = each.attrs.get("name")
        if name and name != CSRF_FIELD and "disabled" not in each.attrs:
            found.setdefault(name, []).extend(_values(each))
    return {name: values if len(values) > 1 else values[0] for name, values in found.items() if values}


def _values(element: Element) -> Sequence[str]:
    kind = element.attrs.get("type")
    if element.name == "select":
        options = element.query("option")
        chosen = [each for each in options if "selected" in each.attrs] or options[:1]
        return [each.attrs.get("value") or words(each) for each in chosen if each.attrs.get("value") != ""] or [""]
    if element.name == "textarea":
        return [element.to_text()]
    if kind in ("checkbox", "radio"):
        return [element.attrs.get("value") or "on"] if "checked" in element.attrs else []
    return [] if kind in ("file", "submit") else [element.attrs.get("value") or ""]


# ------------------------------------------------------------------------------------------------ fixtures
@pytest.fixture(scope="session")
async def app(_databases: None) -> Litestar:
    """The whole portal, made once. Its pool is the tests' pool."""
    from portal.app import create_app

    return create_app()


@pytest.fixture
async def make_client(app: Litestar) -> AsyncIterator[Callable[..., Client]]:
    """Visitors for a test that needs several: `make_client(locale="pl")`. Use it with `db` or `fresh_database`."""
    clients: list[Client] = []

    def make(**kwargs: Any) -> Client:
        clients.append(Client(app, **kwargs))
        return clients[-1]

    yield make
    for each in clients:
        await each.close()


@pytest.fixture
async def client(db: None, make_client: Callable[..., Client]) -> Client:
    """One visitor; what happens is rolled back."""
    return make_client()


@pytest.fixture
async def fresh_client(fresh_database: str, make_client: Callable[..., Client]) -> Client:
    """One visitor of a database of its own, where commits are real."""
    return make_client()


@pytest.fixture
def portal(fresh_database: str, valkey_url: str) -> Portal:
    """Run a command (`portal("user", "create", ...)`) on a database of its own."""
    environment = {**os.environ, "PORTAL_DATABASE_URL": fresh_database, "PORTAL_REDIS_URL": valkey_url}

    def call(*words: str, said: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "portal", *words]
        return subprocess.run(
            command, cwd=ROOT, env={**environment, **more}, input=said, capture_output=True, text=True
        )

    return call

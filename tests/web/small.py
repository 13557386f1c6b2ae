"""A portal of three rooms for the web's own tests: a list, a form, and things that go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar import Litestar, Response, get, post
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.actor import Actor
from portal.outcomes import Missing, Refused, Stale
from portal.web import templating
from portal.web.assets import Assets
from portal.web.fields import Choice, Choices, Email, File, Flag, IdChoice, Integer, Moment, Text, Texts
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.limits import Valkey, limited
from portal.web.pages import letter, page, see
from portal.web.plumbing import STATIC, plumbing
from portal.web.rights import needs, public
from portal.web.session import Toast
from portal.web.templating import environment
from tests.clients import BASE_URL

FOLDER = Path(__file__).parent / "templates"
TEMPLATES = environment(Assets(STATIC), [templating.TEMPLATES, FOLDER])
ALICE = Actor(kind="user", account_id=1, name="Alice", rights=frozenset({"home.see", "dossier.see"}), locale="en")
KEY = Actor(kind="api", account_id=1, name="Alice", rights=frozenset({"dossier.see"}))


class DossierForm(Form):
    """One field of each kind."""

    name = Text(longest=20, missing=lambda: "Enter a name.")
    email = Email()
    places = Integer(least=1, most=10)
    tone = Choice("ok", "bad")
    status = IdChoice(required=False)
    days = Choices("mon", "tue")
    news = Flag()
    title = Texts(longest=10)
    due = Moment(required=False)
    file = File(required=False)
    version = Integer()


@dataclass
class Session:
    """What the accounts would put into the scope."""

    toasts: list[Toast] = field(default_factory=list)


@dataclass
class Door(ASGIMiddleware):
    """Lets in whom the test names; `sessions` outlive a request."""

    actor: Actor | None = None
    session: Session = field(default_factory=Session)
    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Part of the middleware stack."""
        scope["user"] = self.actor
        scope["session"] = self.session if self.actor else None  # type: ignore[typeddict-item]
        await next_app(scope, receive, send)


@get("/", opt=needs("home.see"))
async def home(request: Request) -> Response[str]:
    return page(request, "list.html", rows=[{"name": "Ana <b>", "at": datetime(2026, 11, 20, 9, 0)}], q="")


@post("/", opt=needs("home.see"))
async def act(request: Request) -> Response[Any]:
    return see(request, "/", Toast("Moved.", "/undo", "Undo"))


@get("/form", opt=public())
async def ask(request: Request) -> Response[str]:
    return page(request, "form.html", form=DossierForm({"name": "Ana", "version": 3}, choices={"status": [(7, "New")]}))


@post("/form", opt=public())
async def take(request: Request) -> Response[Any]:
    form = await DossierForm.read(request, choices={"status": [(7, "New")]})
    if form.valid and form.name == "Refuse me":
        form.refuse(Refused("This name is taken.", field="name"))
    if not form.valid:
        return page(request, "form.html", form=form, status_code=422)
    request.app.state.taken = form.values
    return see(request, "/form")


@get("/secret", opt=needs("account.manage"))
async def secret(request: Request) -> Response[str]:
    return page(request, "list.html", rows=[], q="")


@get("/undeclared")
async def undeclared() -> str:
    return "nobody reads this"


@get("/letter", opt=public())
async def paper() -> Response[str]:
    return letter("<p style='color: red'>Hello</p>")


@get("/broken", opt=public())
async def broken() -> None:
    raise RuntimeError("a secret detail")


@get("/gone", opt=public())
async def gone() -> None:
    raise Missing


@get("/stale", opt=public())
async def stale() -> None:
    raise Stale(by="Ola", at=datetime(2026, 11, 22, 10, 39))


@get("/refused", opt=public())
async def refused() -> None:
    raise Refused(errors={"slug": "This address is taken."})


@get("/seldom", opt=public(), guards=[limited("seldom", 2)])
async def seldom() -> str:
    return "ok"


@get("/api/v1/things", opt=needs("dossier.see"))
async def things() -> list[str]:
    return ["one"]


@get("/api/v1/refused", opt=public())
async def api_refused() -> None:
    raise Refused(errors={"slug": "This address is taken."})


ROUTES = [home, act, ask, take, secret, undeclared, paper, broken, gone, stale, refused, seldom, things, api_refused]


def small_app(door: Door | None = None, *, valkey: Valkey | None = None, **plumbing_arguments: Any) -> Litestar:
    """The app, with templates of tests/web/templates beside the portal's own."""
    arguments = {"base_url": BASE_URL, "secret": "s" * 32, "session": [door or Door()]} | plumbing_arguments
    web = plumbing(valkey=valkey, templates=TEMPLATES, **arguments)
    return Litestar(route_handlers=[*ROUTES, *web.routes], openapi_config=None, logging_config=None, **web.config)

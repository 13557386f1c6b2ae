"""The route table, and a small world in which every route has something to show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from portal import db, tokens
from portal.accounts import links
from tests import factories
from tests.factories import AccountRow

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
SAFE = {"GET", "HEAD", "OPTIONS"}
QUERIES = {"/dossiers/{dossier_id:int}/status/letter": "?to=accepted"}  # pages that cannot do without
LINKS = ("/welcome/", "/reset/")
NOT_OURS = ("/static/", "/{unknown:path}", "/api/v1/openapi")  # files, the 404 page, Litestar's own


class Route(msgspec.Struct, frozen=True):
    """One method of one path."""

    method: str
    path: str
    right: str | None
    declared: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes(app: Litestar) -> Iterator[Route]:
    """All routes, by path."""
    for route in sorted(app.routes, key=lambda each: each.path):
        if isinstance(route, HTTPRoute) and not route.path.startswith(NOT_OURS):
            for handler in route.route_handlers:
                yield from _of(route.path, handler)


def _of(path: str, handler: HTTPRouteHandler) -> Iterator[Route]:
    for method in sorted(handler.http_methods):
        if method != "OPTIONS":
            yield Route(method, path, handler.opt.get("right"), "right" in handler.opt)


class World(msgspec.Struct, frozen=True):
    """Somebody of every role, and a row for every kind of page."""

    people: dict[str, AccountRow]
    values: dict[str, Any]

    def some_url(self, path: str) -> str:
        """The path with real ids, or with ids that merely look real."""
        return self.url(path) or PARAMETER.sub("1", path)

    def url(self, path: str) -> str | None:
        """The path with real ids; None when the world has none for it."""
        values = self.values | self._tokens(path)
        if not all(name in values for name in PARAMETER.findall(path)):
            return None
        return PARAMETER.sub(lambda match: str(values[match[1]]), path) + QUERIES.get(path, "")

    def url_with(self, path: str, name: str, value: str) -> str | None:
        """The same with another value for one parameter."""
        values = self.values | self._tokens(path) | {name: value}
        if not all(each in values for each in PARAMETER.findall(path)):
            return None
        return PARAMETER.sub(lambda match: str(values[match[1]]), path) + QUERIES.get(path, "")

    def _tokens(self, path: str) -> dict[str, Any]:
        """A token is bound to its purpose: which one depends on where it stands."""
        if path.startswith(LINKS):
            kind = path.split("/")[1]
            return {"token": self.values[kind]} if kind in self.values else {}
        if path.startswith("/u/"):
            return {"token": tokens.sign("opt_out", self.values["person_id"])}
        return {"token": tokens.sign("dossier", self.values["dossier_id"])}


async def world() -> World:
    """One of everything, made by the factories."""
    await factories.organisation()
    people = {role: await factories.account(name, role) for role, name in ROLES.items()}
    campaign = await factories.campaign(managers=(people["manager"],), evaluators=(people["evaluator"],))
    question_id = await factories.question(campaign.id)
    phase_id = await factories.phase(campaign)
    sql = "insert into programme (title, description) values ($1, $2) returning id"
    programme_id = await db.fetchval(sql, {"en": "Territories"}, {"en": "Calls for the countryside"})
    await db.execute("update campaign set programme_id = $2 where id = $1", campaign.id, programme_id)
    person = await factories.person("Ana", "Nowak")
    dossier = await factories.dossier(campaign, person)
    template = await factories.template()
    trigger_id = await factories.trigger(campaign, template)
    sender_id = await db.fetchval("select sender_id from organisation")
    await db.execute("insert into suppression (address, scope, reason) values ($1, 'all', 'complaint')", person.email)
    signature_id = await factories.signature("example.org")
    await db.execute("insert into domain_limit (domain, per_minute) values ('slow.example', 60)")
    invited = await factories.account("Eve", "evaluator")
    await db.execute("update account set password_hash = null, invited_at = now() where id = $1", invited.id)
    sql = "insert into role (key, name, rights) values ('press', 'Press', '{template.see}') returning id"
    role_id = await db.fetchval(sql)
    values = {
        "account_id": people["evaluator"].id,
        "role_id": role_id,
        "welcome": await links.make(invited.id, "invitation"),
        "reset": await links.make(people["translator"].id, "reset"),
        "signature_id": signature_id,
        "domain": "slow.example",
        "campaign_id": campaign.id,
        "slug": campaign.slug,
        "status_id": campaign.status["accepted"],
        "question_id": question_id,
        "phase_id": phase_id,
        "programme_id": programme_id,
        "person_id": person.id,
        "dossier_id": dossier.id,
        "template_id": template.id,
        "trigger_id": trigger_id,
        "sender_id": sender_id,
        "colour": "1f5c4d",
    }
    return World(people, values)


ROLES = {"administrator": "Adam", "manager": "Alice", "evaluator": "Bob", "translator": "Celina"}

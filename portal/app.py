"""The composition root: the features' routes, the accounts' session, the web's plumbing, the database's pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from redis.asyncio import Redis

from portal import db
from portal.accounts import actions as accounts
from portal.accounts import routes as account_pages
from portal.accounts.middleware import SessionMiddleware
from portal.assessment import routes as assessment_pages
from portal.audiences import routes as audience_pages
from portal.audit import routes as audit_pages
from portal.autoresponders import routes as follow_up_pages
from portal.campaigns import api as campaigns_api
from portal.campaigns import routes as campaign_pages
from portal.dashboard import routes as dashboard_pages
from portal.dossiers import api as dossiers_api
from portal.dossiers import apply as application_pages
from portal.dossiers import ending_pages
from portal.dossiers import routes as dossier_pages
from portal.emails import api as templates_api
from portal.emails import routes as template_pages
from portal.imports import routes as import_pages
from portal.jobs import routes as job_pages
from portal.ledger import api as ledger_api
from portal.ledger import gauges as _gauges  # noqa: F401 - adds the register's figures to /metrics
from portal.mailbox import routes as mailbox_pages
from portal.mailings import api as mailings_api
from portal.mailings import limits_pages, schedule_api, schedule_edit_pages, schedule_pages
from portal.mailings import routes as mailing_pages
from portal.messages import routes as message_pages
from portal.monitor import gauges as _sending  # noqa: F401 - adds the figures of sending to /metrics
from portal.monitor import routes as sending_pages
from portal.organisation import queries as organisation
from portal.organisation import routes as organisation_pages
from portal.people import api as people_api
from portal.people import consent_pages, topic_pages
from portal.people import preferences as preference_pages
from portal.people import routes as people_pages
from portal.pictures import routes as picture_pages
from portal.proofreading import routes as proofreading_pages
from portal.reports import routes as report_pages
from portal.settings import Settings, settings
from portal.signatures import routes as signature_pages
from portal.staff import routes as staff_pages
from portal.suppressions import api as suppressions_api
from portal.suppressions import routes as suppression_pages
from portal.triggers import api as triggers_api
from portal.triggers import routes as trigger_pages
from portal.views import api as views_api
from portal.views import routes as view_pages
from portal.web.api import docs
from portal.web.idempotency import Idempotency
from portal.web.plumbing import plumbing
from portal.web.rights import public

PAGES = (
    view_pages, audience_pages,
    account_pages, organisation_pages, campaign_pages, ending_pages, assessment_pages, dossier_pages, application_pages,
    people_pages, preference_pages, consent_pages, topic_pages, suppression_pages, template_pages, picture_pages,
    proofreading_pages, signature_pages, staff_pages, audit_pages,
    job_pages, import_pages, trigger_pages, follow_up_pages,
    limits_pages, mailing_pages, message_pages, sending_pages, mailbox_pages, report_pages, dashboard_pages,
    schedule_pages, schedule_edit_pages,
)  # fmt: skip
APIS = (
    campaigns_api, dossiers_api, views_api, people_api, suppressions_api,
    templates_api, triggers_api, mailings_api, ledger_api, schedule_api,
)  # fmt: skip


def create_app(given: Settings | None = None) -> Litestar:
    """The web application. `db.configure` has been called; the pool opens with the app and closes with it."""
    config = given or settings()
    valkey = Redis.from_url(config.redis_url) if config.redis_url else None
    web = plumbing(
        secret=config.secret_key,
        base_url=config.base_url,
        session=[SessionMiddleware()],
        organisation=organisation.current,
        remember_language=accounts.remember_language,
        checks={"database": database_answers} | ({"valkey": valkey.ping} if valkey else {}),
        valkey=valkey,
        default_locale=config.default_locale,
        time_zone=config.time_zone,
        has_mailbox=config.smtp_url is None,
    )
    verbs = [*(handler for each in APIS for handler in each.routes), *limits_pages.api]
    api = Router("/api/v1", route_handlers=verbs, middleware=[Idempotency()])
    handlers = [*docs, *(handler for each in PAGES for handler in each.routes)]
    pages = Router("/", route_handlers=[*web.routes, *handlers], include_in_schema=False)
    return Litestar(
        route_handlers=[pages, api],
        lifespan=[lifespan],
        openapi_config=openapi(),
        logging_config=None,
        **web.config,
    )


def openapi() -> OpenAPIConfig:
    """What `/api/v1/openapi.json` says about itself; the pages are no part of it."""
    key = SecurityScheme(type="http", scheme="bearer", description="A key of an account: portal api-key create")
    return OpenAPIConfig(
        title="Convoca",
        version="1",
        description="Campaigns, dossiers, people, templates, triggers and the register of messages.",
        openapi_router=Router("/api/schema", route_handlers=[], opt=public(), include_in_schema=False),
        components=Components(security_schemes={"key": key}),
        security=[{"key": []}],
        render_plugins=[JsonRenderPlugin()],
    )


async def database_answers() -> None:
    """For /health/ready. Raises when PostgreSQL does not answer."""
    await db.fetchval("select 1")


@asynccontextmanager
async def lifespan(_app: Litestar) -> AsyncIterator[None]:
    """The pool of the web's event loop."""
    await db.open_pool()
    yield
    await db.close_pool()

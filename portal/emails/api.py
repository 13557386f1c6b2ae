"""Templates as JSON. Saving makes a new version; messages keep the one they were planned with."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from litestar import Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from portal.emails import actions, library, queries
from portal.emails.actions import Draft
from portal.emails.checks import Text
from portal.emails.queries import Version
from portal.outcomes import Stale
from portal.web.api import Listing, cut, slower
from portal.web.htmx import Request
from portal.web.rights import needs

TAGS = ["templates"]
Category = Literal["transactional", "optional"]


class VariantIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a template says in one language; the body is html with merge fields."""

    subject: str
    body: str
    preheader: str = ""


class TemplateIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A template. `sender`: the id of a verified sender; the organisation's by default.

    `topic`: which kind of optional e-mail it is; 0 for none, null leaves it as it is.
    """

    name: str
    category: Category
    variants: dict[str, VariantIn]
    fallback_locale: str = ""
    sender: int | None = None
    reply_to: str = ""
    topic: int | None = None


class TemplateChange(TemplateIn):
    """`version`: the number of the version you have seen. `note`: what was changed; attachments stay as they are."""

    version: int
    note: str = ""


class TemplateLine(msgspec.Struct):
    """A template in a list."""

    id: int
    name: str
    category: str
    version: int
    locales: list[str]
    saved_at: datetime


class AttachmentOut(msgspec.Struct):
    """A document that goes with each letter. `size` in octets."""

    id: int
    name: str
    size: int


class TemplateOut(msgspec.Struct):
    """A template with its texts by language. `version` is the number of the version in force."""

    id: int
    name: str
    category: str
    version: int
    fallback_locale: str
    sender: int | None
    reply_to: str
    topic: int | None
    saved_at: datetime
    variants: dict[str, dict[str, str]]
    attachments: list[AttachmentOut]


@get("/templates", opt=needs("template.see"), tags=TAGS, summary="Templates")
async def list_templates(
    request: Request,
    q: FromQuery[str] = "",
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Listing[TemplateLine]:
    """By name; `q` is a part of it."""
    return cut(await library.templates(request.user, library.Filters(q=q)), limit, cursor, _line)


@post("/templates", opt=needs("template.edit"), tags=TAGS, summary="Create a template")
async def create_template(request: Request, data: JSONBody[TemplateIn]) -> TemplateOut:
    """Refused with line, column and a suggestion where a merge field is not known."""
    template_id = await actions.create(_draft(data), request.user)
    return _out(await queries.current(template_id))


@get("/templates/{template_id:int}", opt=needs("template.see"), tags=TAGS, summary="One template")
async def get_template(request: Request, template_id: FromPath[int]) -> TemplateOut:
    """The version in force."""
    _row, version = await library.opened(request.user, template_id)
    return _out(version)


@put("/templates/{template_id:int}", opt=needs("template.edit"), tags=TAGS, summary="Save a new version")
async def save_template(request: Request, template_id: FromPath[int], data: JSONBody[TemplateChange]) -> Response[Any]:
    """409 with the version in force when yours is old."""
    await library.one(request.user, template_id)
    draft = msgspec.structs.replace(_draft(data), note=data.note)
    try:
        version = await actions.save(template_id, draft, data.version, request.user)
    except Stale as stale:
        return slower(stale, _out(await queries.current(template_id)))
    return Response(_out(version))


def _draft(data: TemplateIn) -> Draft:
    return Draft(
        name=data.name,
        category=data.category,
        texts={locale: Text(one.subject, one.preheader, one.body) for locale, one in data.variants.items()},
        fallback_locale=data.fallback_locale,
        sender_id=data.sender,
        reply_to=data.reply_to,
        topic_id=data.topic,
    )


def _line(row: library.TemplateRow) -> TemplateLine:
    return TemplateLine(row.id, row.name, row.category, row.number, row.locales, row.saved_at)


def _out(version: Version) -> TemplateOut:
    texts = {
        locale: {"subject": one.subject, "preheader": one.preheader, "body": one.body}
        for locale, one in version.variants.items()
    }
    return TemplateOut(
        id=version.template_id,
        name=version.name,
        category=version.category,
        version=version.number,
        fallback_locale=version.fallback_locale,
        sender=version.sender_id,
        reply_to=version.reply_to,
        topic=version.topic_id,
        saved_at=version.saved_at,
        variants=texts,
        attachments=[AttachmentOut(each.id, each.name, each.size) for each in version.attachments],
    )


routes: list[Any] = [list_templates, create_template, get_template, save_template]

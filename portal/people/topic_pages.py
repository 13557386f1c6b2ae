"""/settings/organisation/topics: the kinds of optional mail that people choose among (Z31)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.i18n import _
from portal.outcomes import Missing, Refused, Stale
from portal.people import topics
from portal.people.topics import Topic
from portal.web.conflicts import conflict
from portal.web.fields import Integer, Texts
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/settings/organisation/topics"
ONE = HERE + "/{topic_id:int}"
RIGHT = needs("organisation.edit")


class TopicForm(Form):
    """A kind of optional mail."""

    name = Texts(longest=80)
    description = Texts(longest=200, required=False)
    version = Integer(required=False)


class DeleteForm(Form):
    """The number that was shown beside the question."""

    unseen = frozenset({"opted_out"})
    opted_out = Integer()


@get(HERE, opt=RIGHT)
async def topics_page(request: Request) -> Response[Any]:
    """All kinds in their order, with what hangs on them."""
    return page(request, "people/topics.html", topics=await topics.listed())


@get(HERE + "/new", opt=RIGHT)
async def new_topic(request: Request) -> Response[Any]:
    """The form for one more."""
    return _page(request, None, TopicForm({"version": 0}))


@post(HERE + "/new", opt=RIGHT, status_code=303)
async def create_topic(request: Request) -> Response[Any]:
    """Add it at the end."""
    form = await TopicForm.read(request)
    if form.valid:
        try:
            await topics.create(request.user, form.name, form.description)
            return see(request, HERE, _("Kind of e-mail added."))
        except Refused as refused:
            form.refuse(refused)
    return _page(request, None, form, status_code=422)


@get(ONE, opt=RIGHT)
async def topic_page(request: Request, topic_id: FromPath[int]) -> Response[Any]:
    """One of them as a form."""
    topic = await topics.one(topic_id)
    return _page(request, topic, _filled(topic))


@post(ONE, opt=RIGHT, status_code=303)
async def change_topic(request: Request, topic_id: FromPath[int]) -> Response[Any]:
    """Save it; 409 compares when somebody was faster."""
    topic, form = await topics.one(topic_id), await TopicForm.read(request)
    if not form.valid:
        return _page(request, topic, form, status_code=422)
    try:
        await topics.change(request.user, topic_id, form.version, form.name, form.description)
    except Refused as refused:
        form.refuse(refused)
        return _page(request, topic, form, status_code=422)
    except Stale as stale:
        own, labels = f"{HERE}/{topic_id}", {"name": _("Name"), "description": _("Description")}
        return conflict(request, stale, form, _filled(stale.theirs), labels=labels, action=own, back=own)
    return see(request, HERE, _("Saved."))


@post(ONE + "/{step:str}", opt=RIGHT, status_code=303)
async def move_topic(request: Request, topic_id: FromPath[int], step: FromPath[str]) -> Response[Any]:
    """One place up or down."""
    if step not in ("up", "down"):
        raise Missing
    await topics.move(request.user, topic_id, -1 if step == "up" else 1)
    return see(request, HERE)


@get(ONE + "/delete", opt=RIGHT)
async def delete_page(request: Request, topic_id: FromPath[int]) -> Response[Any]:
    """Say what is deleted with it."""
    return _delete(request, await topics.one(topic_id))


@post(ONE + "/delete", opt=RIGHT, status_code=303)
async def delete_topic(request: Request, topic_id: FromPath[int]) -> Response[Any]:
    """Delete it, if it is as it was shown."""
    form = await DeleteForm.read(request)
    try:
        await topics.remove(request.user, topic_id, form.opted_out if form.valid else -1)
    except Refused as refused:
        return _delete(request, await topics.one(topic_id), refused=refused.sentences, status_code=422)
    except Stale as stale:
        return _delete(request, stale.theirs, changed=True, status_code=409)
    return see(request, HERE, _("Kind of e-mail deleted."))


def _filled(topic: Topic) -> TopicForm:
    return TopicForm({"name": topic.name, "description": topic.description, "version": topic.version})


def _page(request: Request, topic: Topic | None, form: Form, *, status_code: int = 200) -> Response[Any]:
    return page(request, "people/topic.html", status_code=status_code, topic=topic, form=form)


def _delete(
    request: Request, topic: Topic, *, refused: str = "", changed: bool = False, status_code: int = 200
) -> Response[Any]:
    return page(
        request,
        "people/delete_topic.html",
        status_code=status_code,
        topic=topic,
        in_use=topics.in_use(topic) if topic.templates else refused,
        lost=topics.lost_with(topic),
        changed=changed,
    )


routes: list[Any] = [
    topics_page, new_topic, create_topic, topic_page, change_topic, move_topic, delete_page, delete_topic,
]  # fmt: skip

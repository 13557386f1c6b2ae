"""Pages about long work: one's own tasks, and one with its progress."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from portal.jobs import actions, queries, rules, words
from portal.outcomes import Missing
from portal.web.htmx import Request
from portal.web.lists import asked
from portal.web.pages import page, see
from portal.web.rights import needs

SEE = needs("home.see")


@get("/jobs", opt=SEE)
async def jobs(request: Request) -> Response[Any]:
    """The actor's own, newest first."""
    found = await queries.latest(request.user, asked(request, queries.LATEST))
    return page(request, "jobs/list.html", found=found, words=words)


@get("/jobs/{job_id:int}", opt=SEE)
async def job(request: Request, job_id: FromPath[int]) -> Response[Any]:
    """How far it is, and what could not be done; asks for itself again until it has ended."""
    found = await queries.one(request.user, job_id)
    refused = await queries.refused(job_id, asked(request, queries.REFUSED))
    names = await words.names(found, [item.item_id for item in refused.items], request.user)
    now = datetime.now(UTC)
    return page(
        request,
        "jobs/one.html",
        job=found,
        words=words,
        refused=refused,
        names=names,
        pace=found.pace(now),
        left=found.time_left(now),
    )


@post("/jobs/{job_id:int}/{verb:str}", opt=SEE)
async def change(request: Request, job_id: FromPath[int], verb: FromPath[str]) -> Response[Any]:
    """Pause, resume or cancel."""
    if verb not in rules.VERBS:
        raise Missing
    await actions.change(job_id, verb, request.user)
    return see(request, f"/jobs/{job_id}", words.DONE[verb]())


routes: list[Any] = [jobs, job, change]

"""How long pages take with 100,000 dossiers in one campaign: the whole answer, from request to the last byte of HTML.

Within one process, without a network: what the server itself needs. CPU is that of the web process (and of the few
microseconds of asking), which a busy machine does not change; the rest is PostgreSQL and waiting for a core. Every page
is asked for a few times before it counts; what changes something is not asked.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import httpx

from bench import archive, house
from bench.archive import Archive
from bench.options import Options
from portal import db
from portal.accounts import sessions
from portal.accounts.middleware import NAME
from portal.app import create_app
from portal.settings import settings
from portal.web.security import cookie_name

DOSSIERS = 100_000
BASE = "http://127.0.0.1"
WARM, ASKED, LONGEST = 2, 40, 6.0  # times; seconds of one page
GOAL = 50.0  # milliseconds, 95 of 100
SLOW_GOAL = 300.0  # of what looks at every one of 100,000 dossiers

Page = tuple[str, str, float]  # name, address, goal


async def run(given: Options) -> dict[str, Any]:
    """Fill, then ask for page after page."""
    count = given.dossiers or DOSSIERS
    async with house.open_house() as home:
        made = await archive.fill(count, home.sender_id, await manager())
        app = create_app(settings().model_copy(update={"database_url": home.database, "redis_url": home.valkey}))
        secret = await sessions.open_session(made.account_id)
        cookies = {cookie_name(NAME, app.state.base_url): secret}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE, cookies=cookies, timeout=120) as client:
            measured = {name: await measure(client, address, goal) for name, address, goal in await pages(client, made)}
    return {"dossiers": count, "pages": measured}


async def manager() -> int:
    """Whoever looks: a manager, so that every list asks what may be seen."""
    sql = """insert into account (email, name, roles, locale, time_zone)
        values ('manager@team.example', 'Manager', '{manager}', 'en', 'UTC') returning id"""
    return int(await db.fetchval(sql))


async def pages(client: httpx.AsyncClient, made: Archive) -> list[Page]:
    """Every list and dialog that dossiers are in."""
    campaign, dossiers = f"/campaigns/{made.campaign_id}", f"/campaigns/{made.campaign_id}/dossiers"
    within = f"campaign={made.campaign_id}"
    some = "&".join(f"id={made.dossier_id + n}" for n in range(200))
    deep = await beyond(client, f"{dossiers}?sort=number", 20)
    quick = {
        "dashboard": "/",
        "campaigns": "/campaigns",
        "campaign": campaign,
        "dossiers of all campaigns": "/dossiers",
        "dossiers": dossiers,
        "dossiers, by number": f"{dossiers}?sort=number",
        "dossiers, by name": f"{dossiers}?sort=name",
        "dossiers, by submission": f"{dossiers}?sort=submitted",
        "dossiers, 1,000 rows on": deep,
        "dossiers, two statuses": f"{dossiers}?status=accepted&status=rejected",
        "dossiers, of one evaluator": f"{dossiers}?evaluator={made.account_id + 1}",
        "dossiers of nobody": f"{dossiers}?evaluator=none",
        "dossiers, an answer": f"{dossiers}?answer=area:art",
        "dossiers, dates and language": f"{dossiers}?after=2026-01-01&language=pl",
        "dossiers, nothing found": f"{dossiers}?language=pl&evaluator=none&withdrawn=yes",
        "dossiers, search by number": f"{dossiers}?q=050123",
        "dossiers, search by name": f"{dossiers}?q=lefevre",
        "dossiers, every column": f"{dossiers}?column=name&column=email&column=evaluators&column=score"
        "&column=answer.area&column=answer.story&column=letter&column=submitted",
        "rows alone, as one types": f"{dossiers}?q=ana",
        "dossier": f"/dossiers/{made.dossier_id}?{within}&status=accepted",
        "dossier, answers": f"/dossiers/{made.dossier_id}/answers?{within}",
        "status dialog": f"/dossiers/{made.dossier_id}/status?to=accepted",
        "assessment of a dossier": f"/dossiers/{made.dossier_id}/assessment",
        "status of 200, choice": f"/dossiers/bulk?{within}&{some}",
        "views": "/views",
        "tasks": "/jobs",
        "people": "/people/candidates",
        "templates": "/templates",
        "messages": "/messages",
        "automatic e-mails": f"{campaign}/emails",
        "statuses": f"{campaign}/statuses",
        "form": f"{campaign}/form",
        "phases": f"{campaign}/phases",
        "settings": f"{campaign}/settings",
        "trigger log": f"{campaign}/emails/log",
        "assessment": f"{campaign}/assessment",
        "history of the campaign": f"{campaign}/history",
        "decided, not yet told": "/untold",
        "audit": "/audit",
    }
    slow = {
        "status of 200, forecast": f"/dossiers/bulk?{within}&to=accepted&{some}",
        "status of all, forecast": f"/dossiers/bulk?{within}&all=1&to=accepted",
        "assign all, dialog": f"/dossiers/bulk/assign?{within}&all=1",
        "export all, dialog": f"/dossiers/export?{within}&all=1",
        "spread evenly": f"{campaign}/assessment/spread",
        "delete the campaign, dialog": f"{campaign}/delete",
    }
    return [
        *((name, address, GOAL) for name, address in quick.items()),
        *((name, address, SLOW_GOAL) for name, address in slow.items()),
    ]


async def beyond(client: httpx.AsyncClient, address: str, steps: int) -> str:
    """The list so many pages on, by its own links."""
    for _ in range(steps):
        text = (await client.get(address)).text
        found = text.rpartition('<a rel="next" href="')[2].partition('"')[0]
        address = found.replace("&amp;", "&")
    return address


async def measure(client: httpx.AsyncClient, address: str, goal: float) -> dict[str, Any]:
    """Milliseconds of one page; 0 times when there is no such page for this account."""
    times, work = list[float](), list[float]()
    answer = await client.get(address)
    if answer.status_code != 200:
        return {"address": address, "status": answer.status_code, "times": 0}
    began = time.perf_counter()
    for n in range(WARM + ASKED):
        start, worked = time.perf_counter(), time.process_time()
        answer = await client.get(address)
        if n >= WARM:
            times.append(1000 * (time.perf_counter() - start))
            work.append(1000 * (time.process_time() - worked))
        if time.perf_counter() - began > LONGEST and len(times) > 2:
            break
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return {
        "address": address.partition("?")[0],
        "status": 200,
        "times": len(times),
        "p50": round(statistics.median(times), 1),
        "p95": round(cuts[-1], 1),
        "cpu": round(statistics.median(work), 1),
        "kb": round(len(answer.content) / 1000, 1),
        "goal": goal,
        "met": cuts[-1] <= goal,
    }


def table(found: dict[str, Any]) -> list[list[str]]:
    """A row for each page."""
    rows = [[f"{found['dossiers']:,} dossiers", "p50 ms", "p95 ms", "CPU ms", "goal", "kB"]]
    for name, said in found["pages"].items():
        if said["times"]:
            goal = f"{said['goal']:.0f}{'' if said['met'] else ' missed'}"
            rows.append(
                [name, f"{said['p50']:.1f}", f"{said['p95']:.1f}", f"{said['cpu']:.1f}", goal, f"{said['kb']:.0f}"]
            )
        else:
            rows.append([name, str(said["status"]), "", "", "", ""])
    return rows

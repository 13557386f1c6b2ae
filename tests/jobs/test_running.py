"""Long work: portions, pauses, refusals, rights of the moment, and nothing twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from portal import db as database
from portal.accounts import queries as accounts
from portal.actor import Actor
from portal.jobs import actions, queries, running, words
from portal.jobs.queries import Job
from portal.jobs.running import PerItem, Report
from portal.outcomes import Missing, Refused, Stale
from tests import factories

LEASE = 60.0


async def begin(items: list[int], by: factories.AccountRow | None = None, kind: str = "add") -> int:
    by = by or await factories.account("Alice")
    return await actions.start(kind, by.actor, what={"by": 1}, items=items)


async def work(handler: PerItem, kind: str = "add") -> int:
    return await running.work({kind: handler}, {}, LEASE)


async def now(job_id: int) -> Job:
    job = await queries.by_id(job_id)
    assert job
    return job


async def test_each_item_is_done_once_and_the_refused_say_why(db: None) -> None:
    seen: list[int] = []

    async def handler(job: Job, item: int, actor: Actor) -> str | None:
        seen.append(item)
        assert (job.what, actor.name) == ({"by": 1}, "Alice")
        match item:
            case 2:
                return "not_today"
            case 3:
                raise Refused("Rural Labs is closed.")
            case 4:
                raise Missing
            case 5:
                raise Stale
            case 6:
                await database.execute("update account set name = 'Somebody else'")
                raise ValueError("a bug")
        return None

    job_id = await begin([1, 2, 3, 4, 5, 6, 7, 7])
    assert await work(handler) == 1
    job = await now(job_id)
    assert (seen, job.state, job.total, job.done, job.refused) == ([1, 2, 3, 4, 5, 6, 7], "done", 7, 2, 5)
    refused = (await queries.refused(job_id)).items
    assert [item.reason for item in refused] == ["not_today", "Rural Labs is closed.", "missing", "changed", "error"]
    assert words.reason(job, "Rural Labs is closed.") == "Rural Labs is closed."
    assert await database.fetchval("select count(*) from account where name = 'Somebody else'") == 0
    assert await work(handler) == 0 and len(seen) == 7


async def test_a_paused_job_stands_where_it_is_and_goes_on_from_there(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "PORTION", 2)
    alice = await factories.account("Alice")
    seen: list[int] = []

    async def handler(job: Job, item: int, actor: Actor) -> str | None:
        seen.append(item)
        if item == 3:
            await actions.change(job.id, "pause", alice.actor)
        return None

    job_id = await begin([1, 2, 3, 4, 5], alice)
    await work(handler)
    job = await now(job_id)
    assert (seen, job.state, job.done, job.verbs) == ([1, 2, 3, 4], "paused", 4, ["resume", "cancel"])
    assert await work(handler) == 0
    await actions.change(job_id, "resume", alice.actor)
    await work(handler)
    assert (seen, (await now(job_id)).state) == ([1, 2, 3, 4, 5], "done")
    with pytest.raises(Refused):
        await actions.change(job_id, "cancel", alice.actor)


async def test_a_job_runs_with_the_rights_of_the_moment_and_never_for_somebody_who_has_left(db: None) -> None:
    bob = await factories.account("Bob", "manager")
    rights: list[bool] = []

    async def handler(job: Job, item: int, actor: Actor) -> str | None:
        rights.append(actor.may("dossier.edit"))
        return None

    await begin([1], bob)
    await database.execute("update account set roles = '{evaluator}' where id = $1", bob.id)
    await work(handler)
    job_id = await begin([2], bob)
    await database.execute("update account set active = false where id = $1", bob.id)
    await work(handler)
    job = await now(job_id)
    assert (rights, job.state, job.problem, job.done) == ([False], "cancelled", "account_inactive", 0)


async def test_a_portion_that_dies_has_never_happened(fresh_database: str) -> None:
    job_id = await begin([1, 2, 3])

    async def dies(job: Job, item: int, actor: Actor) -> str | None:
        await database.execute("insert into programme (title) values ($1)", {"en": str(item)})
        if item == 2:
            raise ConnectionError
        return None

    async def lives(job: Job, item: int, actor: Actor) -> str | None:
        await database.execute("insert into programme (title) values ($1)", {"en": str(item)})
        return None

    with pytest.raises(ConnectionError):
        await work(dies)
    assert await database.fetchval("select count(*) from programme") == 0
    await work(lives)
    made = [row["title"]["en"] for row in await database.fetch("select title from programme order by id")]
    assert (made, (await now(job_id)).state) == (["1", "2", "3"], "done")


async def test_a_worker_that_was_given_up_does_nothing_more(fresh_database: str) -> None:
    alice = await factories.account("Alice")
    job_id = await begin([1, 2], alice)
    row = await database.fetchrow(running.TAKE, 0.0, ["add"])
    assert row
    done: list[int] = []

    async def handler(job: Job, item: int, actor: Actor) -> str | None:
        done.append(item)
        return None

    await work(handler)
    assert not await running._portion(await now(job_id), row["version"], handler, LEASE)
    assert done == [1, 2]


async def test_two_workers_share_no_item(fresh_database: str) -> None:
    """Both hold the same job, as if the lease had run out under one of them."""
    job_id = await begin(list(range(40)))
    row = await database.fetchrow(running.TAKE, LEASE, ["add"])
    assert row

    async def handler(job: Job, item: int, actor: Actor) -> str | None:
        await database.execute("insert into programme (title) values ($1)", {"en": str(item)})
        await asyncio.sleep(0)
        return None

    job = await now(job_id)
    await asyncio.gather(*(running._portion(job, row["version"], handler, LEASE) for _ in range(4)))
    assert await database.fetchval("select count(*) from programme") == 40
    assert await database.fetchval("select count(distinct title) from programme") == 40


async def test_a_whole_says_how_far_it_is_and_what_came_of_it(fresh_database: str) -> None:
    alice = await factories.account("Alice")
    job_id = await actions.start("whole", alice.actor, what={}, total=10)
    far: list[tuple[int, int]] = []

    async def handler(job: Job, actor: Actor, report: Report) -> dict[str, Any]:
        async with database.transaction():
            await report(4, 10)
            seen = await running.aside(queries.by_id(job.id))
            assert seen
            far.append((seen.done, seen.total))
        return {"rows": 10}

    await running.work({}, {"whole": handler}, LEASE)
    job = await now(job_id)
    assert (far, job.state, job.result) == ([(4, 10)], "done", {"rows": 10})


async def test_a_cancelled_whole_commits_nothing_more(fresh_database: str) -> None:
    alice = await factories.account("Alice")
    job_id = await actions.start("whole", alice.actor, what={}, total=10)

    async def handler(job: Job, actor: Actor, report: Report) -> dict[str, Any]:
        async with database.transaction():
            await database.execute("insert into programme (title) values ('{}')")
            await running.aside(actions.change(job.id, "cancel", actor))
            await report(1, 10)
        return {}

    await running.work({}, {"whole": handler}, LEASE)
    assert ((await now(job_id)).state, await database.fetchval("select count(*) from programme")) == ("cancelled", 0)


async def test_a_whole_that_is_refused_or_fails_says_so(fresh_database: str) -> None:
    alice = await factories.account("Alice")
    ids = [await actions.start("whole", alice.actor, what={"n": n}) for n in range(2)]

    async def handler(job: Job, actor: Actor, report: Report) -> dict[str, Any]:
        raise Refused("The file is empty.") if job.what["n"] else ValueError

    await running.work({}, {"whole": handler}, LEASE)
    said = [(job.state, words.reason(job, job.problem)) for job in [await now(each) for each in ids]]
    assert said == [("failed", words.REASONS["error"]()), ("failed", "The file is empty.")]


async def test_jobs_are_ones_own(db: None) -> None:
    alice, dana, adam = [await factories.account(name, role) for name, role in
                         (("Alice", "manager"), ("Dana", "manager"), ("Adam", "administrator"))]  # fmt: skip
    job_id = await begin([1], alice)
    assert [job.id for job in (await queries.latest(alice.actor)).items] == [job_id]
    assert (await queries.latest(dana.actor)).items == []
    assert (await queries.one(adam.actor, job_id)).name == "Alice"
    with pytest.raises(Missing):
        await actions.change(job_id, "cancel", dana.actor)
    account = await accounts.by_id(alice.id)
    assert account and account.active

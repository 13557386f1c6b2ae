"""What commands stand on: settings, servers, the database up to date, and a way to say in one sentence what failed."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from portal.settings import Settings, settings, use

P = ParamSpec("P")
Result = TypeVar("Result")
ENDS = (signal.SIGTERM, signal.SIGHUP)
PREPARED = "PORTAL_PREPARED"  # set by `portal up` for its children: it has done for all what is done once


@contextmanager
def surroundings(*, stays: bool = False, migrated: bool = True) -> Iterator[Settings]:
    """Servers run and the database is configured within the block. Embedded ones are started if need be.

    An embedded database is brought up to date; one that was set is left alone, and a sentence asks for
    `portal migrate` when it lags behind (unless `migrated` is False).
    """
    given = settings()
    embedded = not (given.database_url and given.redis_url)
    with ExitStack() as stack:
        if embedded:
            given = stack.enter_context(_servers(given, stays))
        from portal import db

        assert given.database_url
        db.configure(given.database_url)
        if migrated and not prepared():
            _bring_up_to_date(automatically=embedded)
        yield given


def prepared() -> bool:
    """Whether `portal up` started us: the database is up to date and the catalogs are compiled."""
    return PREPARED in os.environ


@contextmanager
def _servers(given: Settings, stays: bool) -> Iterator[Settings]:
    from portal.embedded.servers import running

    for number in ENDS:
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))  # so that servers are stopped
    with running(given.data_dir, stays=stays) as urls:
        yield use(database_url=given.database_url or urls.database, redis_url=given.redis_url or urls.redis)


def _bring_up_to_date(*, automatically: bool) -> None:
    from portal import migrate

    if automatically:
        with_pool(migrate_and_furnish)
    elif with_pool(migrate.is_behind):
        raise click.ClickException("The database is not up to date: run portal migrate first.")


async def migrate_and_furnish() -> None:
    """Run the migrations; at the first start, make the organisation, its first sender and the usual templates."""
    from portal import db, migrate
    from portal.actor import SYSTEM
    from portal.emails.defaults import install_defaults
    from portal.organisation import actions as organisation

    await migrate.migrate()
    async with db.transaction():
        await db.execute("select pg_advisory_xact_lock($1)", migrate.MIGRATION_LOCK)
        await organisation.ensure()
        await install_defaults(SYSTEM, settings().default_locale)


def with_pool(function: Callable[P, Coroutine[Any, Any, Result]], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Run a coroutine function in a loop of its own that has a pool of connections."""
    from portal import db

    async def run() -> Result:
        await db.open_pool(max_size=2)
        try:
            return await function(*args, **kwargs)
        finally:
            await db.close_pool()

    return asyncio.run(run())


def in_one_sentence(command: Callable[P, Result]) -> Callable[P, Result]:
    """Known failures of a command end it with status 1 and one sentence; the unknown keep their traceback."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except Exception as failed:
            _explain(failed)

    return guarded


def _explain(failed: Exception) -> NoReturn:
    import asyncpg

    from portal.embedded.processes import ServerError
    from portal.migrate import MigrationFailed
    from portal.outcomes import Refused
    from portal.supervisor import GaveUp

    if isinstance(failed, Refused):
        raise click.ClickException(" ".join([failed.message, *failed.errors.values()]).strip())
    if isinstance(failed, (ServerError, GaveUp, MigrationFailed)):
        raise click.ClickException(str(failed))
    if isinstance(failed, (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)) and _from_database(failed):
        raise click.ClickException(f"The database does not answer as it should ({failed}): see portal doctor.")
    raise failed


def _from_database(failed: BaseException) -> bool:
    """An OSError raised while asyncpg was connecting, or anything PostgreSQL said."""
    import asyncpg

    if isinstance(failed, (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)):
        return True
    trace = failed.__traceback__
    while trace is not None:
        if isinstance(failed, OSError) and trace.tb_frame.f_globals.get("__name__") == "asyncpg.connect_utils":
            return True
        trace = trace.tb_next
    return False

"""The processes: web, workers, timetable, mailbox; all of them supervised; and the demonstration."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from portal.commands.orphans import end_with_parent
from portal.commands.surroundings import PREPARED, in_one_sentence, prepared, surroundings, with_pool
from portal.settings import ROOT, Settings, settings

if TYPE_CHECKING:
    from litestar import Litestar

GRACE_SECONDS = 3
ASK_EVERY = 0.1
LOADING = "demo-loading"
READY_WITHIN = 60.0
LONGEST_LETTER = 630.0  # seconds; a server may take 600 for the reply to the final dot (RFC 5321 4.5.3.2.6)


@click.command()
@click.option("--reload", is_flag=True, help="Start again when code changes (development).")
@in_one_sentence
def serve(reload: bool) -> None:
    """The web process."""
    import uvicorn

    with surroundings() as given:
        prepare(given)
        uvicorn.run(
            "portal.commands.run:application",
            factory=True,
            host=given.host,
            port=given.port,
            loop="uvloop",
            http="httptools",
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
            log_config=None,
            access_log=False,
            server_header=False,
            reload=reload,
            reload_dirs=[str(ROOT / name) for name in ("portal", "templates", "locales", "static")] if reload else None,
            reload_includes=["*.py", "*.html", "*.mo", "*.css", "*.js"] if reload else None,
        )


def application() -> Litestar:
    """The web application for uvicorn, whose process may be a new one (--reload)."""
    from portal import db
    from portal.app import create_app

    given = settings()
    db.configure(given.database_url or "")
    return create_app()


@click.command()
@in_one_sentence
def work() -> None:
    """A process that sends letters and does what else takes time."""
    _worker("work")


@click.command()
@in_one_sentence
def clock() -> None:
    """The timetable: wakes the workers when something is due."""
    _worker("clock")


def _worker(name: str) -> None:
    with surroundings() as given:
        prepare(given)
        from workers import run

        {"work": run.work, "clock": run.clock}[name]()


@click.command(hidden=True)
@in_one_sentence
def mailbox() -> None:
    """The on-screen mailbox: an SMTP server that keeps what it gets for the page *Mailbox*."""
    from portal.mailbox import server

    with surroundings() as given:
        prepare(given)
        server.run(given.mailbox.host, given.mailbox.port)


def prepare(given: Settings) -> None:
    """Logs as they were asked for, catalogs compiled; a process that `portal up` started ends with it."""
    from portal import logs

    logs.set_up(given.log)
    if prepared():
        end_with_parent()
    else:
        from portal.catalogs import cli as catalogs

        catalogs.compile_all()


# ------------------------------------------------------------------------------------------------ all together
@click.command()
@click.option("--reload", is_flag=True, help="Start the web process again when code changes (development).")
@click.option("--port", envvar="PORT", type=click.IntRange(1, 65_535), hidden=True)
@in_one_sentence
def up(reload: bool, port: int | None) -> None:
    """Web, workers and timetable together, supervised."""
    listen_on(port)
    refuse_taken_ports(settings())
    with surroundings(stays=True) as given:
        prepare(given)
        supervise(given, lambda: say(f"Convoca answers at {given.base_url}"), reload=reload)


@click.command()
@click.option("--port", envvar="PORT", type=click.IntRange(1, 65_535), help="Another port than 8000.")
@click.option("--reset", is_flag=True, help="Delete the demonstration's data first.")
@in_one_sentence
def demo(port: int | None, reset: bool) -> None:
    """Everything, with demonstration data, and nothing to install or set up."""
    listen_on(port)
    given = settings()
    refuse_taken_ports(given)
    if reset or was_interrupted(given):
        forget(given)
    with surroundings(stays=True) as given:
        prepare(given)
        with_pool(load_once, given)
        supervise(given, lambda: say(welcome(given)))


def listen_on(port: int | None) -> None:
    """Take PORT; what PORTAL_BIND says about the address stays. Before anybody reads the settings."""
    if port is not None:
        host = os.environ.get("PORTAL_BIND", "").rpartition(":")[0] or "127.0.0.1"
        os.environ["PORTAL_BIND"] = f"{host}:{port}"


def refuse_taken_ports(given: Settings) -> None:
    """Ends with one sentence when somebody else listens where we want to."""
    wanted = [(given.host, given.port, "the portal")]
    if given.smtp is None:
        wanted.append((given.mailbox.host, given.mailbox.port, "the on-screen mailbox"))
    for host, port, whose in wanted:
        if is_taken(host, port):
            raise click.ClickException(f"Port {port}, for {whose}, is in use: choose another one, e.g. PORT=8080.")


def is_taken(host: str, port: int) -> bool:
    """Whether a port cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def forget(given: Settings) -> None:
    """Delete the embedded servers' data and the uploads. Refuses to touch a database that was set."""
    from portal.embedded import processes, servers

    if given.database_url:
        raise click.ClickException("RESET deletes the embedded database only, and PORTAL_DATABASE_URL is set.")
    servers.forget(given.data_dir)
    processes.remove_folder(given.data_dir / "files")
    (given.data_dir / LOADING).unlink(missing_ok=True)


def was_interrupted(given: Settings) -> bool:
    """Whether loading began and did not end: it commits as it goes, so that half of it is there."""
    return (given.data_dir / LOADING).exists() and not given.database_url


async def load_once(given: Settings) -> None:
    """Load the demonstration data into a database that nobody has used yet."""
    from portal import db
    from portal.demo import data

    if await db.fetchval("select exists (select from account)"):
        return
    say("Loading the demonstration data")
    (given.data_dir / LOADING).touch()
    await data.load()
    (given.data_dir / LOADING).unlink()


def welcome(given: Settings) -> str:
    """What the demonstration prints when it is ready."""
    from portal.demo.data import LOGINS

    width = max(len(email) for _name, email, _password, _role in LOGINS)
    lines = [f"  {email:<{width}}  {password}   {name}, {role}" for name, email, password, role in LOGINS]
    return "\n".join(["", f"Convoca answers at {given.base_url}", "", *lines, "", "Ctrl-C stops everything.", ""])


def supervise(given: Settings, ready: Callable[[], None], *, reload: bool = False) -> None:
    """Run the processes until Ctrl-C; call `ready` when the web answers."""
    from portal.supervisor import Program, Supervisor

    portal = [sys.executable, "-m", "portal"]
    programs = [] if given.smtp else [Program("mailbox", [*portal, "mailbox"], needed_by_others=True)]
    programs += [
        Program("web", [*portal, "serve", *(["--reload"] if reload else [])]),
        Program("work", [*portal, "work"], patience=LONGEST_LETTER),
        Program("clock", [*portal, "clock"]),
    ]

    async def run() -> None:
        async def announce() -> None:
            await until_ready(given)
            ready()

        await Supervisor(programs, environment(given), prefixed=given.log == "text").run(announce)

    asyncio.run(run())


def environment(given: Settings) -> dict[str, str]:
    """Ours, with what the children must not find out for themselves."""
    told = {
        "PORTAL_DATABASE_URL": given.database_url or "",
        "PORTAL_REDIS_URL": given.redis_url or "",
        "PORTAL_SECRET_KEY": given.secret_key,
        "PORTAL_BASE_URL": given.base_url,
        "PORTAL_BIND": given.bind,
        "PORTAL_DATA_DIR": str(given.data_dir),
        PREPARED: "1",
    }
    return {**os.environ, **told}


async def until_ready(given: Settings) -> None:
    """Return when /health/ready answers 200; give up in silence after a minute: the logs say why."""
    deadline = asyncio.get_running_loop().time() + READY_WITHIN
    while asyncio.get_running_loop().time() < deadline:
        if await _answers(given):
            return
        await asyncio.sleep(ASK_EVERY)
    await asyncio.Event().wait()


async def _answers(given: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(given.host, given.host)  # noqa: S104
    try:
        reader, writer = await asyncio.open_connection(host, given.port)
        writer.write(f"GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
    except OSError:
        return False
    return b" 200 " in line


def say(words: str) -> None:
    """To the person at the terminal."""
    click.echo(words)
    sys.stdout.flush()

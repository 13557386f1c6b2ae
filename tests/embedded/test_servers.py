"""Servers of a data folder: found, shared, stopped with their owner, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from portal.embedded import binaries, processes, servers
from portal.settings import ROOT

PATIENCE = 30.0


class Holder:
    """Another command of the same data folder."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.holder", str(folder), *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def let_go(self) -> None:
        """End it as a command ends that has done its work."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(PATIENCE)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose servers' files are gone afterwards."""
    yield tmp_path / "data"
    servers.forget(tmp_path / "data")


async def ask(urls: str) -> tuple[int, bool]:
    """Whether both servers answer: the number of rows kept so far, and Valkey's PONG."""
    database, valkey = urls.split()
    connection = await asyncpg.connect(database)
    await connection.execute("create table if not exists kept (n int)")
    await connection.execute("insert into kept values (1)")
    rows = await connection.fetchval("select count(*) from kept")
    await connection.close()
    with redis.Redis.from_url(valkey) as client:
        return rows, bool(client.ping())


def servers_of(folder: Path) -> list[str]:
    """The command lines of processes that work in the folder."""
    said = subprocess.run(["ps", "-A", "-ww", "-o", "command="], capture_output=True, text=True, check=True)
    return [line for line in said.stdout.splitlines() if str(servers.home_of(folder)) in line]


def wait_for_end(folder: Path) -> None:
    """Wait until no server of the folder runs."""
    deadline = time.monotonic() + PATIENCE
    while servers_of(folder):
        assert time.monotonic() < deadline, servers_of(folder)
        time.sleep(0.02)


async def test_two_commands_that_start_at_once_share_the_servers(folder: Path) -> None:
    first, second = Holder(folder), Holder(folder)

    urls = {first.line(), second.line()}

    assert len(urls) == 1
    assert await ask(urls.pop()) == (1, True)
    assert len(servers_of(folder)) == 2
    first.process.stdin.close()  # type: ignore[union-attr]
    second.let_go()
    first.process.wait(PATIENCE)
    assert servers_of(folder) == []


async def test_the_owner_waits_for_those_who_borrow(folder: Path) -> None:
    owner = Holder(folder)
    urls = owner.line()
    borrower = Holder(folder)
    assert borrower.line() == urls

    owner.process.stdin.close()  # type: ignore[union-attr]
    assert "still uses these servers" in owner.process.stderr.readline()  # type: ignore[union-attr]
    assert await ask(urls) == (1, True)
    borrower.let_go()

    owner.process.wait(PATIENCE)
    assert servers_of(folder) == []


async def test_what_is_kept_survives_a_stop(folder: Path) -> None:
    for rows in (1, 2):
        holder = Holder(folder)
        assert await ask(holder.line()) == (rows, True)
        holder.let_go()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
async def test_servers_end_with_an_owner_that_is_killed(folder: Path) -> None:
    killed = Holder(folder)
    urls = killed.line()
    sockets = Path(urls.split("host=")[1].split()[0])
    await ask(urls)

    killed.process.kill()
    killed.process.wait(PATIENCE)
    wait_for_end(folder)

    following = Holder(folder)
    assert await ask(following.line()) == (2, True)
    assert not sockets.exists()
    following.let_go()


async def test_a_start_right_after_a_kill_waits_for_the_old_servers(folder: Path) -> None:
    killed = Holder(folder)
    await ask(killed.line())

    killed.process.kill()
    following = Holder(folder)

    assert await ask(following.line()) == (2, True)
    following.let_go()
    assert servers_of(folder) == []


def test_sigterm_stops_the_servers(folder: Path) -> None:
    holder = Holder(folder)
    holder.line()

    holder.process.send_signal(signal.SIGTERM)

    assert holder.process.wait(PATIENCE) == 143
    assert servers_of(folder) == []


def test_those_who_stay_wait_for_short_commands_and_refuse_each_other(folder: Path) -> None:
    short = Holder(folder)
    urls = short.line()
    staying = Holder(folder, "stays")
    assert "Waiting for another command" in staying.process.stderr.readline()  # type: ignore[union-attr]

    short.let_go()

    assert staying.line() != urls
    assert "already runs" in Holder(folder, "stays").line()
    staying.let_go()


async def test_postgres_variables_of_the_environment_change_nothing(folder: Path) -> None:
    holder = Holder(folder, PGPORT="1", PGDATA="/nowhere", PGHOST="nowhere.example", PGOPTIONS="-c nonsense=1")

    urls = holder.line()

    assert servers_of(folder)
    assert await ask(urls) == (1, True)
    holder.let_go()


async def test_sorting_and_capitals_do_not_depend_on_the_machine(folder: Path) -> None:
    holder = Holder(folder, LC_ALL="POSIX", LANG="POSIX")
    connection = await asyncpg.connect(holder.line().split()[0])

    assert await connection.fetchval("select lower('ŁÓDŹ')") == "łódź"
    assert await connection.fetchval("show server_encoding") == "UTF8"
    assert await connection.fetchval("show timezone") == "UTC"
    assert await connection.fetchval("show listen_addresses") == ""

    await connection.close()
    holder.let_go()


def test_forgetting_refuses_while_they_run(folder: Path) -> None:
    holder = Holder(folder)
    holder.line()

    with pytest.raises(processes.ServerError, match="already runs"):
        servers.forget(folder)

    holder.let_go()
    servers.forget(folder)
    assert not servers.home_of(folder).exists()


def test_without_wheels_the_systems_programs_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, words in (("postgres", "postgres (PostgreSQL) 16.4"), ("initdb", ""), ("valkey-server", "")):
        (programs / name).write_text(f"#!/bin/sh\necho '{words}'\n")
        (programs / name).chmod(0o755)
    monkeypatch.setattr(binaries, "_package", lambda _name: None)
    monkeypatch.setattr(binaries, "SYSTEM_POSTGRES", (f"{tmp_path}/b*",))
    monkeypatch.setenv("PATH", str(programs))

    assert binaries.postgres_programs() == programs
    assert binaries.valkey_program() == programs / "valkey-server"

    (programs / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 12.1'\n")
    (programs / "valkey-server").unlink()
    with pytest.raises(processes.ServerError, match="PORTAL_DATABASE_URL"):
        binaries.postgres_programs()
    with pytest.raises(processes.ServerError, match="PORTAL_REDIS_URL"):
        binaries.valkey_program()

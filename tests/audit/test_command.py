"""`portal audit verify`: its own process, its own database."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

from portal import db as database
from portal import timeline
from portal.actor import Actor
from portal.settings import ROOT

ADAM = Actor(kind="user", name="Adam")


async def verify(url: str, *words: str) -> tuple[int, list[str]]:
    """Its status and its lines."""
    command = [sys.executable, "-m", "portal", "audit", "verify", *words]
    environment = {**os.environ, "PORTAL_DATABASE_URL": url}
    run = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return run.returncode, (run.stdout or run.stderr).splitlines()


async def test_an_operator_proves_that_nothing_was_changed_or_cut_off(fresh_database: str) -> None:
    for number in range(3):
        await timeline.record("template", number, "template.created", ADAM)
    await timeline.seal()
    status, (said, fingerprint) = await verify(fresh_database)
    assert (status, said.startswith("The log verifies: 3 entries"), fingerprint[:2]) == (0, True, "3:")
    await database.execute("delete from timeline_event where seal = 3")
    assert await verify(fresh_database, "--expect", fingerprint) == (1, ["The log does NOT verify: its end is gone."])
    first = await database.fetchval("update timeline_event set actor_name = 'Dana' where seal = 1 returning id")
    assert await verify(fresh_database) == (
        1,
        [f"The log does NOT verify: entry {first} was changed, or one before it is missing."],
    )

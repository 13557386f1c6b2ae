"""`portal audit verify`: its own process, its own database."""

from __future__ import annotations

from portal import db as database
from portal import timeline
from portal.actor import Actor
from tests.clients import Portal

ADAM = Actor(kind="user", name="Adam")


def verify(portal: Portal, *words: str) -> tuple[int, list[str]]:
    """Its status and its lines."""
    run = portal("audit", "verify", *words)
    return run.returncode, (run.stdout or run.stderr).splitlines()


async def test_an_operator_proves_that_nothing_was_changed_or_cut_off(portal: Portal) -> None:
    for number in range(3):
        await timeline.record("template", number, "template.created", ADAM)
    await timeline.seal()
    status, (said, fingerprint) = verify(portal)
    assert (status, said.startswith("The log verifies: 3 entries"), fingerprint[:2]) == (0, True, "3:")
    await database.execute("delete from timeline_event where seal = 3")
    assert verify(portal, "--expect", fingerprint) == (1, ["The log does NOT verify: its end is gone."])
    first = await database.fetchval("update timeline_event set actor_name = 'Dana' where seal = 1 returning id")
    assert verify(portal) == (
        1,
        [f"The log does NOT verify: entry {first} was changed, or one before it is missing."],
    )

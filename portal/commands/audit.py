"""The audit log from the command line."""

from __future__ import annotations

import click

from portal.commands.surroundings import in_one_sentence, surroundings, with_pool


@click.group()
def audit() -> None:
    """The log of who did what."""


@audit.command("verify")
@click.option("--expect", default="", help="A fingerprint from before, NUMBER:HASH, that the log must still contain.")
@in_one_sentence
def verify(expect: str) -> None:
    """Walk the chain. Status 1 when an entry was changed or is missing; otherwise prints today's fingerprint."""
    from portal import timeline

    place, colon, hash = expect.partition(":")
    if expect and not (colon and place.isascii() and place.isdecimal() and len(hash) == 64):
        raise click.UsageError("--expect: a fingerprint is a number, a colon and 64 hexadecimal digits.")
    with surroundings():
        verdict = with_pool(timeline.check, (int(place), hash) if expect else None)
    if verdict.broken is not None:
        where = f"entry {verdict.broken} was changed, or one before it is missing"
        click.echo(f"The log does NOT verify: {where if verdict.broken else 'its end is gone'}.")
        raise SystemExit(1)
    unsealed = f", {verdict.unsealed} not sealed yet" if verdict.unsealed else ""
    click.echo(f"The log verifies: {verdict.seal} entries{unsealed}.")
    click.echo(f"{verdict.seal}:{verdict.hash}")

"""Keys that sign letters, and secrets at rest."""

from __future__ import annotations

import click

from portal.commands.surroundings import in_one_sentence, surroundings, with_pool


# ------------------------------------------------------------------------------------------------ signatures
@click.group()
def dkim() -> None:
    """Keys that sign letters: make one, publish its record in DNS, rotate."""


@dkim.command("new")
@click.argument("domain")
@click.option("--algorithm", type=click.Choice(["rsa", "ed25519"]), default="rsa", show_default=True)
@click.option("--selector", default="", help="The key's name in DNS; otherwise the year, the month and a letter.")
@in_one_sentence
def new_key(domain: str, algorithm: str, selector: str) -> None:
    """Make a key for letters from DOMAIN and print its DNS record. It signs nothing yet."""
    from portal.actor import SYSTEM
    from portal.signatures import actions

    with surroundings():
        key = with_pool(actions.make, domain, algorithm, SYSTEM, selector)
    click.echo(f"The key {key.selector} of {key.domain} is made. Publish its record in DNS:\n\n{key.line}\n")
    click.echo(f"It signs after: portal dkim rotate {key.domain}")


@dkim.command("show")
@click.argument("domain", default="")
@in_one_sentence
def show_keys(domain: str) -> None:
    """The keys (of DOMAIN): how far they are, what DNS says, and their records."""
    from portal.signatures import queries

    with surroundings():
        keys = with_pool(queries.keys, domain.lower() or None)
        seen = with_pool(queries.all_seen, keys)
    for key in keys:
        click.echo(f"{key.domain} {key.selector} {key.algorithm}: {key.state}, DNS: {seen[key.id]}")
        if key.leaves_dns_at:
            click.echo(f"its record may be deleted from {key.leaves_dns_at:%Y-%m-%d}\n")
        else:
            click.echo(f"{key.line}\n")
    if not keys:
        click.echo("There are no keys: make one with portal dkim new DOMAIN.")


@dkim.command("rotate")
@click.argument("domain")
@click.option("--now", "at_once", is_flag=True, help="Whatever DNS says.")
@in_one_sentence
def rotate_keys(domain: str, at_once: bool) -> None:
    """Make the next key of DOMAIN; sign with it once DNS has it. Status 1 as long as DNS has not.

    The key that signed so far is retired. Leave its record in DNS for 7 days, for letters that are on their way.
    """
    from portal.actor import SYSTEM
    from portal.signatures import actions, words

    with surroundings():
        rotated = with_pool(actions.rotate, domain, SYSTEM, at_once=at_once)
    for each in rotated:
        key = each.key
        if each.activated:
            click.echo(f"Letters from {key.domain} are signed with {key.selector} ({key.algorithm}) now.")
            click.echo("Leave the record of the key before it in DNS for 7 days, for letters that are on their way.")
        else:
            click.echo(f"{words.not_yet(key, each.seen)}\n\n{key.line}\n")
            click.echo(f"Then say it again: portal dkim rotate {key.domain}")
    if not all(each.activated for each in rotated):
        raise SystemExit(1)


# ------------------------------------------------------------------------------------------------ secrets
@click.group()
def secrets() -> None:
    """Secrets in the database, encrypted with PORTAL_SECRET_KEY."""


@secrets.command("rotate")
@in_one_sentence
def rotate_secrets() -> None:
    """Encrypt anew what a former key (PORTAL_SECRET_KEY_BEFORE) has encrypted."""
    from portal import sealed

    with surroundings():
        try:
            count = with_pool(sealed.rotate)
        except sealed.Unreadable:
            raise click.ClickException(
                "A secret cannot be opened: name the key that it was encrypted with in PORTAL_SECRET_KEY_BEFORE."
            ) from None
    click.echo(f"Encrypted anew: {count}. PORTAL_SECRET_KEY_BEFORE is not needed any more.")

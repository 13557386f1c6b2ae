"""Short commands: migrations, accounts, keys, the ledger's totals, catalogs."""

from __future__ import annotations

import secrets
import sys

import click

from portal.commands.surroundings import in_one_sentence, migrate_and_furnish, surroundings, with_pool

PASSWORD_OCTETS = 15


@click.command()
@in_one_sentence
def migrate() -> None:
    """Bring the database up to date."""
    with surroundings(migrated=False):
        with_pool(migrate_and_furnish)
    click.echo("The database is up to date.")


# ------------------------------------------------------------------------------------------------ accounts
@click.group()
def user() -> None:
    """People who sign in."""


@user.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", "roles", required=True, multiple=True, help="administrator, manager, evaluator or translator.")
@click.option("--locale", type=click.Choice(["es", "fr", "pl", "en"]), help="The language of their pages.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@in_one_sentence
def create_user(email: str, name: str, roles: tuple[str, ...], locale: str | None, password_stdin: bool) -> None:
    """Make an account. Without --password-stdin the password is asked for, or made up and printed."""
    from portal.accounts import actions

    password, is_made_up = _password(password_stdin)
    with surroundings() as given:
        with_pool(actions.create_user, email, name, roles, locale or given.default_locale, password)
    click.echo(f"{email} can sign in." + (f" The password is {password}" if is_made_up else ""))


def _password(from_input: bool) -> tuple[str, bool]:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), False
    return secrets.token_urlsafe(PASSWORD_OCTETS), True


@click.group("api-key")
def api_key() -> None:
    """Keys for the JSON API."""


@api_key.command("create")
@click.option("--email", required=True, help="Whose key it is.")
@click.option("--rights", default="all", show_default=True, help="all, or names of rights separated by commas.")
@in_one_sentence
def create_api_key(email: str, rights: str) -> None:
    """Make a key and print it, alone on the last line."""
    from portal.accounts import actions

    names = None if rights == "all" else [name.strip() for name in rights.split(",") if name.strip()]
    with surroundings():
        key = with_pool(actions.create_api_key, email, names)
    click.echo(key)


# ------------------------------------------------------------------------------------------------ ledger
@click.group()
def ledger() -> None:
    """The register of every message ever intended."""


@ledger.command("totals")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--recount", is_flag=True, help="Count every row now, however many there are.")
@in_one_sentence
def totals(as_json: bool, recount: bool) -> None:
    """The sum that must add up. Status 1 when it does not."""
    import msgspec

    from portal.ledger import totals as register

    with surroundings():
        found = with_pool(register.recount if recount else register.totals)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        lines = [("intended", found.intended), *found.by_state.items(), ("duplicates", found.duplicates)]
        click.echo("\n".join(f"{name:<12}{number:>12,}" for name, number in lines))
        click.echo(f"counted {found.checked_at:%Y-%m-%d %H:%M:%S} UTC" if found.checked_at else "not counted yet")
        click.echo("balanced" if found.balanced else "NOT balanced")
    if not found.balanced:
        raise SystemExit(1)


@ledger.command("confirm")
@in_one_sentence
def confirm() -> None:
    """Let mail leave from this database: it was restored from a backup, and somebody has looked."""
    from portal.actor import SYSTEM
    from portal.ledger import epoch

    with surroundings():
        done = with_pool(epoch.confirm, SYSTEM)
    click.echo("Confirmed: what waits leaves now." if done else "Nothing was on hold.")


@ledger.command("hold")
@in_one_sentence
def hold() -> None:
    """Let nothing leave until `portal ledger confirm`: for a data folder or disk that was copied back."""
    from portal.actor import SYSTEM
    from portal.ledger import epoch

    with surroundings():
        done = with_pool(epoch.hold, SYSTEM)
    click.echo("On hold: nothing leaves until portal ledger confirm." if done else "It was on hold already.")


# ------------------------------------------------------------------------------------------------ catalogs
@click.group()
def catalogs() -> None:
    """The texts of the portal and their translations."""


@catalogs.command()
def extract() -> None:
    """Collect the texts of code and templates into locales/portal.pot."""
    from portal.catalogs import cli

    click.echo(f"{cli.extract()} texts")


@catalogs.command()
def update() -> None:
    """Bring each language up to locales/portal.pot."""
    from portal.catalogs import cli

    for locale, missing in cli.update().items():
        click.echo(f"{locale}: {missing} texts without translation")


@catalogs.command("compile")
def compile_all() -> None:
    """Compile what has changed."""
    from portal.catalogs import cli

    click.echo(" ".join(["compiled:", *(cli.compile_all() or ["nothing had changed"])]))


@catalogs.command()
def check() -> None:
    """Everything that would let a wrong or missing word reach a reader. Status 1 when there is something."""
    from portal.catalogs import cli

    problems = cli.check()
    for problem in problems:
        click.echo(f"{problem.where}: {problem.what}")
    click.echo(f"{len(problems)} problems")
    if problems:
        raise SystemExit(1)

"""Lists in and out from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from portal.commands.surroundings import in_one_sentence, surroundings, with_pool

LINES = 20  # of errors shown; the page of the import has them all


@click.command("import")
@click.argument("kind", type=click.Choice(["people", "dossiers"]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--campaign", default="", help="For dossiers: the campaign's address (slug).")
@click.option("--as", "account", default="", help="The e-mail address of the account that imports.")
@click.option("--contacts", is_flag=True, help="New people are contacts, not candidates.")
@click.option("--column", "columns", multiple=True, help="FIELD=HEADING, where a heading is not understood.")
@click.option("--update", is_flag=True, help="Bring the records of people who are known up to date.")
@click.option("--status", default="submitted", show_default=True, help="Key of the status of new dossiers.")
@click.option("--locale", default="", type=click.Choice(["", "es", "fr", "pl", "en"]), help="Where a row names none.")
@click.option("--dry-run", is_flag=True, help="Only check.")
@click.option("--skip-errors", is_flag=True, help="Leave rows with errors out, instead of importing nothing.")
@in_one_sentence
def import_(kind: str, file: Path, dry_run: bool, skip_errors: bool, columns: tuple[str, ...], **wishes: Any) -> None:
    """Bring people or dossiers in from a CSV or XLSX file: all of them, or none."""
    from portal.commands import importing

    if any("=" not in each for each in columns):
        raise click.UsageError("Write --column FIELD=HEADING.")
    pairs = dict(each.split("=", 1) for each in columns)
    wish = importing.Wish(kind=kind, file=file.name, data=file.read_bytes(), columns=pairs, **wishes)  # type: ignore[arg-type]
    with surroundings():
        checked = with_pool(importing.check, wish, _Progress("checked"))
        _say(checked)
        if checked.counts.wrong and not (skip_errors or dry_run):
            raise click.ClickException("Nothing was imported. Mend the rows, or use --skip-errors.")
        if checked.ready and not dry_run:
            done = with_pool(importing.bring_in, wish, checked, _Progress("imported"))
            click.echo(f"Created: {done.counts.created}. Changed: {done.counts.changed}.")


@click.command("export")
@click.argument("kind", type=click.Choice(["people", "dossiers"]))
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--campaign", default="", help="For dossiers: of this campaign only (slug), with their answers.")
@click.option("--as", "account", default="", help="The e-mail address of the account that exports.")
@in_one_sentence
def export(kind: Literal["people", "dossiers"], file: Path, campaign: str, account: str) -> None:
    """Write people or dossiers into a CSV or XLSX file."""
    from portal.commands.exporting import take_out

    with surroundings():
        count = with_pool(take_out, kind, campaign, account, file, _Progress("written"))
    click.echo(f"{count} rows in {file}.")


def _say(checked: Any) -> None:
    from portal.imports import queries, words

    counts = checked.counts
    left_out = f", {counts.applied} with a dossier already" if counts.applied else ""
    click.echo(f"{checked.rows} rows: {checked.ready} to import, {counts.known} known already{left_out}.")
    if not counts.wrong:
        return
    click.echo(f"{counts.wrong} with errors:", err=True)
    for each in with_pool(queries.problems, checked.id, LINES):
        field = words.FIELDS[each.field]() if each.field in words.FIELDS else each.field
        click.echo(f"  line {each.line}, {field}: {words.problem_word(each, {})}", err=True)


class _Progress:
    """A bar on a terminal; in a file a line for every tenth."""

    def __init__(self, word: str) -> None:
        self.word, self.said = word, 0

    def __call__(self, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 10
        if not total:
            click.echo(f"{done} {self.word}", err=True)
        elif sys.stderr.isatty():
            bar = "#" * (3 * tenth)
            click.echo(f"\r[{bar:<30}] {done} / {total} {self.word}", nl=done == total, err=True)
        elif tenth > self.said:
            click.echo(f"{done} of {total} {self.word}", err=True)
        self.said = max(self.said, tenth)

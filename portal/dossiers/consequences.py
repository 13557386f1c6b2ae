"""What a change of status would send, in words, before it is made: the plan that sends, counted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from portal.dossiers import queries
from portal.dossiers.actions import Moved
from portal.dossiers.queries import Dossier, Status
from portal.dossiers.undoing import Undone
from portal.formats import number
from portal.i18n import _, ngettext, text_in
from portal.triggers import people as facts
from portal.triggers import queries as triggers
from portal.triggers.compose import Planned
from portal.triggers.rules import plan


class Move(msgspec.Struct, frozen=True):
    """A status to move to, and how many e-mails that would send. `next`: it follows the present one."""

    key: str
    words: str
    status: Status
    next: bool = False


async def of_each_status(dossier: Dossier) -> list[Move]:
    """All other statuses of the campaign, each with the number of e-mails; one plan each, without letters."""
    rules = await triggers.rules_of(dossier.campaign_id)
    found = await facts.found(dossier.id)
    people = await facts.people_of(found, rules)
    moves: list[Move] = []
    passed = False
    for status in await queries.statuses(dossier.campaign_id):
        if status.id == dossier.status_id:
            passed = True
        else:
            decided = plan(triggers.by_hand(dossier.id, found, status.id), rules, people)
            letters = sum(one.recorded and one.state != "skipped" for each in decided for one in each.recipients)
            follows = passed and not any(move.next for move in moves)
            moves.append(Move(status.key, _with_number(text_in(status.label), letters), status, follows))
    return moves


def _with_number(status: str, letters: int) -> str:
    if not letters:
        # NOTE: an option of a list of statuses. {status}: internal label, e.g. Under review
        return _("{status} (no e-mail)").format(status=status)
    sentence = ngettext("{status} ({n} e-mail)", "{status} ({n} e-mails)", letters)
    return sentence.format(status=status, n=number(letters))


def letters_of(planned: Sequence[Planned]) -> int:
    """How many e-mails leave, now or after a hold."""
    return sum(one.goes for one in planned)


def would_cancel(undone: Undone) -> str:
    """What undoing a change would do to its letters, before it is done."""
    if not undone.cancelled + undone.going:
        return _("No e-mail is cancelled. The status goes back, and nobody is written to.")
    sentence = ngettext(
        "{n} e-mail that has not left is cancelled.",
        "{n} e-mails that have not left are cancelled.",
        undone.cancelled + undone.going,
    )
    return sentence.format(n=number(undone.cancelled + undone.going))


def undone_words(undone: Undone) -> str:
    """The toast after a change was undone: what became of its letters, each in a sentence of its own."""
    said = [_("Undone: the status is as it was before.")]
    if undone.cancelled:
        sentence = ngettext("{n} e-mail was cancelled.", "{n} e-mails were cancelled.", undone.cancelled)
        said.append(sentence.format(n=number(undone.cancelled)))
    if undone.going:
        sentence = ngettext(
            "{n} e-mail was just leaving: the timeline says what became of it.",
            "{n} e-mails were just leaving: the timeline says what became of them.",
            undone.going,
        )
        said.append(sentence.format(n=number(undone.going)))
    if undone.left:
        sentence = ngettext("{n} e-mail had left already.", "{n} e-mails had left already.", undone.left)
        said.append(sentence.format(n=number(undone.left)))
    return " ".join(said)


def nothing_to_undo() -> str:
    """To whoever undoes what is not the newest change any more."""
    return _("There is nothing to undo any more: the status has changed since.")


def done_words(status: str, moved: Moved) -> str:
    """The toast after a change of status."""
    if not moved.letters:
        return _("Status: “{status}”. No e-mail goes.").format(status=status)
    return _done(moved).format(status=status, n=number(moved.letters), min=number(moved.minutes))


def _done(moved: Moved) -> str:
    """What becomes of the e-mails, with the fields {status}, {n} and {min}."""
    if moved.held:
        return ngettext(
            "Status: “{status}”. {n} e-mail is on hold.", "Status: “{status}”. {n} e-mails are on hold.", moved.held
        )
    if not moved.minutes:
        return ngettext(
            "Status: “{status}”. {n} e-mail goes now.", "Status: “{status}”. {n} e-mails go now.", moved.going
        )
    if moved.soonest < moved.minutes:
        return ngettext(
            "Status: “{status}”. {n} e-mail goes within {min} min.",
            "Status: “{status}”. {n} e-mails go within {min} min.",
            moved.going,
        )
    # NOTE: toast after a status change. {status}: label in the reader's language; {min}: minutes until they go
    return ngettext(
        "Status: “{status}”. {n} e-mail goes in {min} min.",
        "Status: “{status}”. {n} e-mails go in {min} min.",
        moved.going,
    )

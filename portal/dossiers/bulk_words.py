"""What is said about many dossiers at once: toasts, and the words of the jobs."""

from __future__ import annotations

from collections.abc import Sequence

from portal import db
from portal.actor import Actor
from portal.dossiers import bulk_actions, search
from portal.dossiers.bulk_actions import Done
from portal.dossiers.queries import Status
from portal.formats import number
from portal.i18n import _, ngettext, text_in
from portal.jobs import words as jobs
from portal.jobs.queries import Job


def done(moved: Done, to: Status) -> str:
    """The toast after a change at once: two sentences."""
    dossiers = ngettext("{n} dossier is now “{status}”.", "{n} dossiers are now “{status}”.", moved.moved).format(
        n=number(moved.moved), status=text_in(to.label)
    )
    return f"{dossiers} {_letters(moved)}"


def _letters(moved: Done) -> str:
    if not moved.letters:
        return _("No e-mail goes.")
    if moved.held:
        return ngettext("{n} e-mail is on hold.", "{n} e-mails are on hold.", moved.letters).format(
            n=number(moved.letters)
        )
    return ngettext("{n} e-mail goes.", "{n} e-mails go.", moved.letters).format(n=number(moved.letters))


def changed(before: int, now: int) -> str:
    """Why the page asks again."""
    sentence = _(
        "The list has changed since you opened this page: now {now}, before {before}. Check it and confirm again."
    )
    return sentence.format(now=number(now), before=number(before))


# ------------------------------------------------------------------------------------------------ jobs
def _status_title(job: Job) -> str:
    # NOTE: the name of long work. {status}: internal label, e.g. Accepted
    sentence = ngettext("Status of {n} dossier: {status}", "Status of {n} dossiers: {status}", job.total)
    return sentence.format(n=number(job.total), status=text_in(job.what.get("label", {})))


def _to_list(job: Job) -> jobs.Place:
    path = f"/campaigns/{job.campaign_id}/dossiers" if job.campaign_id else "/dossiers"
    return _("Show the dossiers"), path


async def _numbers(ids: Sequence[int], actor: Actor) -> dict[int, jobs.Place]:
    """The numbers of refused dossiers that the actor sees, with their pages."""
    seen = await search.ids(actor, search.Filters(), ids)
    rows = await db.fetch("select id, number from dossier where id = any ($1::bigint[])", seen)
    return {row["id"]: (row["number"], f"/dossiers/{row['id']}") for row in rows}


jobs.register(
    bulk_actions.JOB,
    jobs.Kind(
        title=_status_title,
        reasons={"same_status": lambda: _("It had this status already")},
        ended=_to_list,
        names=_numbers,
    ),
)

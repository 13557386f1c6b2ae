"""What the pages say about evaluators, notes and scores. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.formats import number
from portal.i18n import _, ngettext
from portal.jobs import words as jobs
from portal.jobs.queries import Job

JOB = "assign_evenly"


def why_not_word(reason: str) -> str:
    """Why a dossier was not assigned to somebody."""
    words: dict[str, Callable[[], str]] = {
        "already": lambda: _("Already assigned"),
        "conflict": lambda: _("A conflict of interest has been declared"),
        "own": lambda: _("It is the evaluator’s own dossier"),
        "not_member": lambda: _("The evaluator does not take part in this campaign"),
        "missing": lambda: _("This dossier does not exist any more, or you may not see it"),
    }
    return words[reason]() if reason in words else reason


def _title(job: Job) -> str:
    sentence = ngettext("{n} assignment, spread evenly", "{n} assignments, spread evenly", job.total)
    return sentence.format(n=number(job.total))


def _ended(job: Job) -> jobs.Place:
    return _("See the evaluators"), f"/campaigns/{job.what['campaign']}/assessment"


jobs.register(JOB, jobs.Kind(title=_title, ended=_ended))

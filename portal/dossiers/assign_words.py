"""What is said about dossiers given to evaluators in bulk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from portal.assessment.words import why_not_word
from portal.dossiers import assigning
from portal.dossiers.assigning import Assigned
from portal.formats import number
from portal.i18n import _, ngettext
from portal.jobs import words as jobs
from portal.jobs.queries import Job


def ways() -> list[tuple[str, str]]:
    """What can be done with ticked dossiers and chosen evaluators."""
    return [
        ("give", _("Give every dossier to each of them")),
        ("spread", _("Spread the dossiers evenly over them")),
        ("take", _("Take the dossiers back from them")),
    ]


def done(what: Assigned) -> str:
    """What was done: how many, and why not the others or which dossiers still lack somebody."""
    if what.how == "take":
        return ngettext("{n} assignment ended.", "{n} assignments ended.", what.pairs).format(n=number(what.pairs))
    return " ".join(filter(None, [_assigned(what.pairs), _left_out(what.left_out), _lacking(what.short)]))


def _lacking(short: int) -> str:
    sentence = ngettext("{n} dossier still lacks an evaluator.", "{n} dossiers still lack an evaluator.", short)
    return sentence.format(n=number(short)) if short else ""


def _assigned(n: int) -> str:
    return ngettext("{n} assignment made.", "{n} assignments made.", n).format(n=number(n))


def _left_out(reasons: Mapping[str, int]) -> str:
    # NOTE: after assignments in bulk. {reason}: e.g. Already assigned; {n}: how many
    said = [
        _("{reason}: {n}.").format(reason=why_not_word(why), n=number(n)) for why, n in Counter(reasons).most_common()
    ]
    return " ".join(said)


# ------------------------------------------------------------------------------------------------ jobs
def _title(job: Job) -> str:
    n: int = job.what["dossiers"]
    return ngettext("Assign {n} dossier", "Assign {n} dossiers", n).format(n=number(n))


def _ended(job: Job) -> jobs.Place:
    return _("See the evaluators"), f"/campaigns/{job.campaign_id}/assessment"


jobs.register(
    assigning.JOB,
    jobs.Kind(title=_title, ended=_ended, said=lambda job: done(msgspec.convert(job.result, Assigned))),
)

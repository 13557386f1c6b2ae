"""What is said about dossiers given to evaluators in bulk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from portal.assessment.actions import Evenly, Outcome
from portal.assessment.words import why_not_word
from portal.formats import number
from portal.i18n import _, ngettext


def ways() -> list[tuple[str, str]]:
    """What can be done with ticked dossiers and chosen evaluators."""
    return [
        ("give", _("Give every dossier to each of them")),
        ("spread", _("Spread the dossiers evenly over them")),
        ("take", _("Take the dossiers back from them")),
    ]


def given(outcomes: Sequence[Outcome]) -> str:
    """The toast after giving: how many, and why not the others."""
    n = sum(len(each.done) for each in outcomes)
    return f"{_assigned(n)} {_left_out(outcomes)}".strip()


def taken(outcomes: Sequence[Outcome]) -> str:
    """The toast after taking back."""
    n = sum(len(each.done) for each in outcomes)
    return ngettext("{n} assignment ended.", "{n} assignments ended.", n).format(n=number(n))


def spread(done: Evenly) -> str:
    """The toast after spreading: how many, and which dossiers still lack somebody."""
    short = len(done.short)
    lacking = ngettext("{n} dossier still lacks an evaluator.", "{n} dossiers still lack an evaluator.", short).format(
        n=number(short)
    )
    return f"{_assigned(done.pairs)} {lacking if short else ''}".strip()


def _assigned(n: int) -> str:
    return ngettext("{n} assignment made.", "{n} assignments made.", n).format(n=number(n))


def _left_out(outcomes: Sequence[Outcome]) -> str:
    reasons = Counter(why for each in outcomes for why in each.refused.values())
    # NOTE: after assignments in bulk. {reason}: e.g. Already assigned; {n}: how many
    said = [_("{reason}: {n}.").format(reason=why_not_word(why), n=number(n)) for why, n in reasons.most_common()]
    return " ".join(said)

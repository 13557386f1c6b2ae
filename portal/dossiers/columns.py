"""The columns of a list of dossiers: those of the house, and one for each question of a campaign's form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from portal.campaigns.kinds import Question
from portal.dossiers import words
from portal.dossiers.filters import ORDERS
from portal.dossiers.search import Row
from portal.i18n import _, language_name, text_in
from portal.ledger.words import state_word

Words = Callable[[], str]
ANSWER = "answer."
NO_COLUMN = frozenset({"section", "file"})  # questions without an answer to show in a line

# key -> its heading; in the order of the list. The number is always there.
HOUSE: dict[str, Words] = {
    "name": lambda: _("Candidate"),
    "email": lambda: _("E-mail address"),
    "campaign": lambda: _("Campaign"),
    "status": lambda: _("Status"),
    "language": lambda: _("Language"),
    "evaluators": lambda: _("Evaluators"),
    "score": lambda: _("Score (%)"),
    "letter": lambda: _("Last e-mail"),
    "created": lambda: _("Created"),
    "submitted": lambda: _("Submitted"),
    "withdrawn": lambda: _("Withdrawn"),
    "changed": lambda: _("Changed"),
}
USUAL = ("name", "campaign", "status", "language", "evaluators", "letter", "changed")
MOMENTS = frozenset({"created", "submitted", "withdrawn", "changed"})


class Column(msgspec.Struct, frozen=True):
    """A column. `question` where it shows the answers to one; `sort`: the order that its heading chooses."""

    key: str
    label: str
    question: Question | None = None
    sort: str = ""

    @property
    def moment(self) -> bool:
        """Whether it shows when something happened."""
        return self.key in MOMENTS

    def answer(self, row: Row) -> str:
        """The answer in the reader's words."""
        assert self.question
        return words.answer(self.question, row.answers.get(self.question.key))


def offered(questions: Sequence[Question], within: bool) -> list[Column]:
    """Every column that can be chosen. `within`: in a campaign's own list, which does not name its campaign."""
    house = [
        Column(key, label(), sort=key if within and key in ORDERS else "")
        for key, label in HOUSE.items()
        if not (within and key == "campaign")
    ]
    answers = [
        Column(f"{ANSWER}{question.key}", text_in(question.label), question)
        for question in questions
        if question.kind not in NO_COLUMN
    ]
    return house + answers


def chosen(every: Sequence[Column], wanted: Sequence[str]) -> list[Column]:
    """The columns to show: those wanted, as far as they are offered; else the usual ones."""
    shown = [column for column in every if column.key in wanted]
    return shown or [column for column in every if column.key in USUAL]


def more(shown: Sequence[Column]) -> list[str]:
    """What has to be read for them beside the usual (search.MORE)."""
    wants = {"answers": any(column.question for column in shown)}
    wants |= {name: any(column.key == name for column in shown) for name in ("evaluators", "score")}
    return [name for name, wanted in wants.items() if wanted]


# ------------------------------------------------------------------------------------------------ as plain text
PLAIN: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: row.name,
    "email": lambda row: row.email,
    "campaign": lambda row: text_in(row.campaign_title),
    "status": lambda row: text_in(row.status_label),
    "language": lambda row: language_name(row.locale),
    "evaluators": lambda row: "; ".join(row.evaluators),
    "score": lambda row: None if row.score is None else round(row.score, 1),
    "letter": lambda row: state_word(row.letter) if row.letter else "",
    "created": lambda row: row.created_at,
    "submitted": lambda row: row.submitted_at,
    "withdrawn": lambda row: row.withdrawn_at,
    "changed": lambda row: row.changed_at,
}


def plain(column: Column, row: Row) -> Any:
    """A cell for a spreadsheet: a text, a number or an instant."""
    if column.question is None:
        return PLAIN[column.key](row)
    answer = row.answers.get(column.question.key)
    return answer if _is_number(answer) else column.answer(row)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_label() -> str:
    """The heading of the dossiers' numbers."""
    return _("Number")

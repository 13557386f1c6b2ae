"""The form of a question: what browsers send, to a draft that the action understands, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.campaigns import form_checks, question_words
from portal.campaigns.form_checks import QuestionDraft
from portal.campaigns.form_queries import Question
from portal.campaigns.forms import TextsForm
from portal.campaigns.kinds import (
    DECIDING,
    FILE_TYPES,
    KINDS,
    LARGEST_FILE,
    MOST_FILES,
    PATTERNS,
    YES,
    Condition,
    Settings,
    question_of,
)
from portal.campaigns.typed import read_number
from portal.countries import countries
from portal.i18n import LOCALES, _, current_locale, text_in
from portal.outcomes import Refused
from portal.rich import plain
from portal.web.field import Field, Invalid, Options
from portal.web.fields import Choice, Choices, Day, Flag, Integer, Text, Texts

LONGEST_HELP, LONGEST_CHOICES = 3_000, 50_000
BETWEEN = ":"  # question and answer in the value of a tick
FIRST, LAST = "first", "last"


class Limit(Field[float | None]):
    """A number as the reader's language writes it, or none."""

    def __init__(self) -> None:
        super().__init__(None, required=False)

    def parse(self, text: str, options: Options) -> float | None:
        number = read_number(text, current_locale.get())
        if number is None:
            raise Invalid(_("Enter a number such as 12500."))
        return number

    def show(self, name: str, value: float | None) -> dict[str, list[Any]]:
        text = "" if value is None else str(value)
        return {name: [text if current_locale.get() == "en" else text.replace(".", ",")]}


class QuestionForm(TextsForm):
    """A question. Choices are typed one on each line, in each language; limits count as far as the kind has them."""

    unseen = frozenset({"version", "phase"})

    kind = Choice()
    phase = Integer(required=False)
    after = Choice(required=False)
    label = Texts(longest=500, missing=lambda: _("Enter the question."))
    help = Texts(longest=LONGEST_HELP, lines=True, required=False)
    lines = Texts(longest=LONGEST_CHOICES, lines=True, required=False)
    is_required = Flag()
    max_length = Integer(least=1, most=form_checks.LONGEST_ANSWER, required=False)
    least = Limit()
    most = Limit()
    whole = Flag()
    fewest = Integer(least=1, most=form_checks.MOST_CHOICES, required=False)
    most_ticks = Integer(least=1, most=form_checks.MOST_CHOICES, required=False)
    earliest = Day(required=False)
    latest = Day(required=False)
    region = Choice(required=False)
    pattern = Choice(required=False)
    mask = Text(longest=form_checks.LONGEST_MASK, required=False)
    types = Choices()
    size = Integer(least=1, most=LARGEST_FILE, required=False)
    files = Integer(least=1, most=MOST_FILES, required=False)
    depends_on = Choice(required=False)
    depends_is = Choices()
    version = Integer(required=False)

    earlier: Sequence[Question] = ()

    def draft(self) -> QuestionDraft:
        """What the action takes."""
        return QuestionDraft(
            kind=self.kind,
            phase_id=self.phase or None,
            after=self._after(),
            label=self.label,
            help=self.help,
            required=self.is_required,
            choices=form_checks.lines_of(self.lines),
            max_length=self.max_length or None,
            settings=self.settings(),
            shown_if=self.condition(),
        )

    def settings(self) -> Settings:
        """The limits of its kind."""
        ticks = (self.fewest or None, self.most_ticks or None)
        by_kind: dict[str, dict[str, Any]] = {
            "number": {"least": self.least, "most": self.most, "whole": self.whole},
            "choices": {"least": ticks[0], "most": ticks[1]},
            "date": {"earliest": self.earliest, "latest": self.latest},
            "phone": {"region": self.region},
            "pattern": {"pattern": self.pattern or "own", "mask": self.mask if self.pattern in ("", "own") else ""},
            "file": {"types": self.types, "size": self.size or LARGEST_FILE, "files": self.files or 1},
        }
        return Settings(**by_kind.get(self.kind, {}))

    def condition(self) -> Condition | None:
        """The question it depends on, with the answers ticked below that one."""
        if not self.depends_on:
            return None
        ticked = [each.partition(BETWEEN) for each in self.depends_is]
        return Condition(self.depends_on, [value for key, _mark, value in ticked if key == self.depends_on])

    def refuse(self, refused: Refused) -> None:
        """The action knows choices, the page has lines of them."""
        errors = {"lines" if name == "choices" else name: sentence for name, sentence in refused.errors.items()}
        super().refuse(Refused(refused.message, errors=errors))

    @property
    def first_ids(self) -> dict[str, str]:
        """As everywhere; the ticks of a condition stand below the question it depends on."""
        return super().first_ids | {"depends_is": self.id("depends_on")}

    def answers_to(self, key: str) -> Options:
        """The ticks below one of the questions it may depend on."""
        return [(value, words) for value, words in self.options("depends_is") if value.startswith(key + BETWEEN)]

    def _after(self) -> int | None:
        return {"": None, FIRST: 0, LAST: None}.get(self.after) if not self.after.isdecimal() else int(self.after)


def choices(form: Sequence[Question], question: Question | None = None) -> dict[str, Options]:
    """What is to choose from. `form`: the questions of the phase; `question`: the one that is changed."""
    others = [each for each in form if question is None or each.id != question.id]
    deciding = [each for each in others if each.kind in DECIDING]
    return {
        "kind": [(each, question_words.kind_word(each)) for each in KINDS],
        "after": [(FIRST, _("At the top")), *((str(each.id), _short(each)) for each in others)],
        "region": countries(),
        "pattern": [(each, question_words.pattern_word(each)) for each in PATTERNS],
        "types": [(each, question_words.file_type_word(each)) for each in FILE_TYPES],
        "depends_on": [(each.key, _short(each)) for each in deciding],
        "depends_is": [pair for each in deciding for pair in _answers(each)],
    }


def _short(question: Question) -> str:
    name = plain(question.name)
    return name if len(name) <= 70 else f"{name[:69]}…"


def _answers(question: Question) -> list[tuple[str, str]]:
    """The answers to a question that others may depend on, as ticks."""
    if question.kind == "consent":
        return [(f"{question.key}{BETWEEN}{YES}", _("The box is ticked"))]
    if question.kind == "country":
        return [(f"{question.key}{BETWEEN}{code}", name) for code, name in countries()]
    return [(f"{question.key}{BETWEEN}{each['key']}", text_in(each["label"])) for each in question.offered]


def new_question(form: Sequence[Question], phase_id: int | None) -> QuestionForm:
    """An empty form; the question goes to the end."""
    last = str(form[-1].id) if form else FIRST
    values = {
        "kind": "short",
        "phase": phase_id or 0,
        "after": last,
        "pattern": "own",
        "size": LARGEST_FILE,
        "files": 1,
    }
    return QuestionForm(values, choices=choices(form))


def of_question(question: Question, form: Sequence[Question]) -> QuestionForm:
    """A question as it is, its choices as lines."""
    texts = {
        locale: "\n".join(each["label"].get(locale, "") for each in question.offered)
        for locale in LOCALES
        if any(locale in each["label"] for each in question.offered)
    }
    asked = question_of({name: getattr(question, name) for name in question.__struct_fields__})
    limits, condition = asked.settings, asked.shown_if
    ids = [0, *(each.id for each in form)]
    above = ids[ids.index(question.id) - 1] if question.id in ids else ids[-1]
    number = question.kind == "number"
    values = {
        **{name: getattr(question, name) for name in ("kind", "label", "help", "max_length", "version")},
        **{name: getattr(limits, name) for name in ("whole", "earliest", "latest", "region", "pattern", "mask")},
        **{name: getattr(limits, name) for name in ("types", "size", "files")},
        "phase": question.phase_id or 0,
        "after": str(above) if above else FIRST,
        "lines": texts,
        "is_required": question.required,
        "least": limits.least if number else None,
        "most": limits.most if number else None,
        "fewest": int(limits.least) if limits.least is not None and not number else None,
        "most_ticks": int(limits.most) if limits.most is not None and not number else None,
        "depends_on": condition.question if condition else "",
        "depends_is": [f"{condition.question}{BETWEEN}{each}" for each in condition.values] if condition else [],
    }
    return QuestionForm(values, choices=choices(form, question))

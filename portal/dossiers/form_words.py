"""What the form says about answers and documents that cannot be taken. Looked up when shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from portal.campaigns.kinds import FILE_TYPES, Question
from portal.campaigns.reading import Problem
from portal.campaigns.typed import example_of
from portal.countries import country_name
from portal.dossiers.files import MAX_BYTES
from portal.formats import date_long, file_size, list_or, number
from portal.i18n import _, ngettext, text_in
from portal.rich import plain

MISSING: dict[str, Callable[[], str]] = {
    "number": lambda: _("Enter a number."),
    "date": lambda: _("Enter a date."),
    "choice": lambda: _("Choose an answer."),
    "choices": lambda: _("Choose at least one."),
    "country": lambda: _("Choose a country."),
    "email": lambda: _("Enter an address such as name@example.org."),
    "phone": lambda: _("Enter a telephone number."),
    "file": lambda: _("Choose a file."),
    "consent": lambda: _("Tick this box to submit your application."),
}
FORMATS = {
    "pdf": ("PDF",),
    "word": ("Word",),
    "opendocument": ("OpenDocument (odt)",),
    "picture": ("JPEG", "PNG"),
    "sheet": ("Excel", "OpenDocument (ods)"),
}
EXAMPLES = {"iban": "ES91 2100 0418 4502 0005 1332", "bic": "AGRIFRPP", "vat": "PL8567346215"}


def problem_word(problem: Problem, question: Question) -> str:
    """The sentence beside a field whose answer is not accepted."""
    limits = question.settings
    words: dict[str, Callable[[], str]] = {
        "required": MISSING.get(question.kind, lambda: _("Enter an answer.")),
        "too_long": lambda: too_long(problem.limit),
        "not_a_number": lambda: _("Enter a number such as 12500."),
        "not_whole": lambda: _("Enter a whole number."),
        "too_small": lambda: _("Enter {least} or more.").format(least=number(limits.least or 0)),
        "too_large": lambda: _("Enter {most} or less.").format(most=number(limits.most or 0)),
        "not_a_date": lambda: _("Enter a date such as 2026-11-30."),
        "too_early": lambda: _earliest(question),
        "too_late": lambda: _latest(question),
        "not_a_choice": lambda: _("Choose one of the answers."),
        "too_few": lambda: _at_least(int(limits.least or 1)),
        "too_many": lambda: _at_most(int(limits.most or 1)),
        "not_an_address": lambda: _("Enter an address such as name@example.org."),
        "not_a_phone": lambda: _("Enter a telephone number with its country, such as +34 612 34 56 78."),
        "wrong_pattern": lambda: _written_like(question),
    }
    return words[problem.code]()


def _earliest(question: Question) -> str:
    day = question.settings.earliest
    # NOTE: beside a date that is too early. {date}: e.g. 1 March 2027
    return _("Enter a date not before {date}.").format(date=date_long(day) if day else "")


def _latest(question: Question) -> str:
    day = question.settings.latest
    # NOTE: beside a date that is too late. {date}: e.g. 1 March 2027
    return _("Enter a date not after {date}.").format(date=date_long(day) if day else "")


def _at_least(n: int) -> str:
    return ngettext("Choose at least {n} answer.", "Choose at least {n} answers.", n).format(n=number(n))


def _at_most(n: int) -> str:
    return ngettext("Choose at most {n} answer.", "Choose at most {n} answers.", n).format(n=number(n))


def _written_like(question: Question) -> str:
    if question.settings.pattern != "own":
        return _("Check this number: a digit or a letter in it is wrong.")
    # NOTE: {example}: a number in the pattern that is asked for, e.g. 12-345
    return _("Enter it like this: {example}").format(example=example_word(question))


def example_word(question: Question) -> str:
    """A number that fits a question's pattern."""
    return EXAMPLES.get(question.settings.pattern) or example_of(question.settings.mask)


def too_long(limit: int) -> str:
    """Beside a text that does not fit. `limit`: characters."""
    return ngettext("Use at most {n} character.", "Use at most {n} characters.", limit).format(n=number(limit))


def name_missing() -> str:
    """Beside the name of an application that is to be submitted."""
    return _("Enter your name.")


def problem_words(problems: Sequence[Problem], questions: Sequence[Question]) -> dict[str, str]:
    """All sentences, by the name of the form's field: `answer_<key>`, `file_<key>`."""
    asked = {question.key: question for question in questions}
    sentences = {}
    for problem in problems:
        question = asked[problem.key]
        prefix = "file_" if question.kind == "file" else "answer_"
        sentences[f"{prefix}{problem.key}"] = problem_word(problem, question)
    return sentences


def condition_word(question: Question, questions: Sequence[Question]) -> str:
    """When a question that depends on another one counts."""
    wanted = question.shown_if
    other = next((each for each in questions if wanted and each.key == wanted.question), None)
    if wanted is None or other is None:
        return ""
    name = plain(text_in(other.label))
    if other.kind == "consent":
        return _("Only if you tick “{question}”.").format(question=name)
    labels = {each.key: text_in(each.label) for each in other.choices}
    named = country_name if other.kind == "country" else lambda key: labels.get(key) or key
    answers = list_or([named(each) for each in wanted.values])
    # NOTE: above a question that depends on another one. {answers}: e.g. Spain or Poland
    return _("Only if you answer “{question}” with: {answers}.").format(question=name, answers=answers)


def no_changes_any_more() -> str:
    """To whoever changes what was submitted, too late."""
    return _("This application cannot be changed any more.")


def phase_not_open() -> str:
    """To whoever fills in the form of a phase that is closed, handed in already or not theirs."""
    return _("This form is not open for your application.")


# ------------------------------------------------------------------------------------------------ documents
def limits_word(question: Question) -> str:
    """Which documents a question takes, how many, how large."""
    limits = question.settings
    fields = {"types": types_word(limits.types), "size": file_size(limits.size * 1_000_000)}
    if limits.files == 1:
        # NOTE: below a question for a document. {types}: e.g. PDF or Word. {size}: e.g. 10 MB
        return _("{types}, at most {size}.").format(**fields)
    # NOTE: below a question for documents. {n}: how many. {types}: e.g. PDF or Word. {size}: e.g. 10 MB
    text = ngettext(
        "Up to {n} file: {types}, each at most {size}.", "Up to {n} files: {types}, each at most {size}.", limits.files
    )
    return text.format(n=number(limits.files), **fields)


def unfit_word(code: str, types: Sequence[str] = (), most: int = MAX_BYTES) -> str:
    """Why a document is not taken. `types`: what the question takes; `most`: octets."""
    if code == "too_big":
        return _("This file is too large. Choose one of at most {size}.").format(size=file_size(most))
    if code == "empty":
        return _("This file is empty. Choose another one.")
    # NOTE: {types}: e.g. PDF, Word, JPEG or PNG
    return _("This kind of file cannot be used. Choose: {types}.").format(types=types_word(types))


def types_word(types: Sequence[str]) -> str:
    """The kinds of files that a question takes: "PDF, Word, JPEG or PNG". Names of formats, the same everywhere."""
    return list_or([name for each in types or FILE_TYPES for name in FORMATS[each]])


def no_document_chosen() -> str:
    """To whoever sends documents without choosing one."""
    return _("Choose at least one file.")


def too_many_files(most: int) -> str:
    """Beside a question that takes fewer documents."""
    return ngettext("Choose at most {n} file.", "Choose at most {n} files.", most).format(n=number(most))

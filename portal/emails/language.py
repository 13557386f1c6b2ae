"""The template language of letters: a small, safe subset of Jinja2 syntax.

    {{ field }}   {{ field|filter }}   {% if field %} ... {% elif not other %} ... {% else %} ... {% endif %}

A text goes through three gates, each narrower than the one before: a scan of its tags (scan.py), Jinja2's own parser,
and an allow-list of syntax nodes. What comes out is a tree of our own; Jinja2 never compiles or runs a word that
people wrote.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from typing import Any

import msgspec
from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream

from portal.emails.scan import Problem, at, scan
from portal.emails.words import FILTERS, problem_words

ANSWER = re.compile(r"answer_[a-z][a-z0-9_]{0,60}", re.ASCII)
SIMILAR = 0.6  # difflib's ratio from which a name is offered as what was meant


words = problem_words  # the sentence for a problem, in the reader's language


class Invalid(Exception):
    """The text does not pass `check`; nothing of it is ever rendered."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


# ------------------------------------------------------------------------------------------------ the tree
class Data(msgspec.Struct, frozen=True):
    """Text as it stands."""

    text: str
    offset: int


class Field(msgspec.Struct, frozen=True):
    """A merge field, with its filters from left to right."""

    name: str
    filters: tuple[str, ...]
    offset: int


class Condition(msgspec.Struct, frozen=True):
    """A condition: `op` is "field" (args: its name), "not" (one Condition), "and" or "or" (two Tests)."""

    op: str
    args: tuple[Any, ...]


class Choice(msgspec.Struct, frozen=True):
    """if, elif, else: the first branch whose test holds; the last one's test may be None (else)."""

    branches: tuple[tuple[Condition | None, tuple[Node, ...]], ...]
    offset: int


Node = Data | Field | Choice


# ------------------------------------------------------------------------------------------------ checking
def check(source: str, known: Collection[str]) -> list[Problem]:
    """Everything that is wrong with a text, first things first; empty when it may be used.

    `known` are the fields' names; `answer_<key>` is known by its pattern. Raises nothing, whatever the text.
    """
    try:
        tree = parse(source)
    except Invalid as invalid:
        return invalid.problems
    names = set(known)
    return [_unknown(source, field, names) for field in fields_of(tree) if not _is_known(field.name, names)]


def parse(source: str, room: int = 1) -> tuple[Node, ...]:
    """The tree of a text (its line ends read as \\n). Raises Invalid; says nothing about which fields exist.

    `room` widens the caps on sizes, for texts that we have put together ourselves.
    """
    source = unix_lines(source)
    problems = list(scan(source, room))
    if problems:
        raise Invalid(problems)
    try:
        template = PARSER.parse(source)
    except TemplateSyntaxError as error:
        raise Invalid([at(source, error.lineno, "syntax")]) from None
    except RecursionError:
        raise Invalid([Problem(1, 1, "too_complex")]) from None
    reader = _Reader(source)
    tree = reader.body(template.body)
    if reader.problems:
        raise Invalid(reader.problems)
    return tree


def unix_lines(source: str) -> str:
    """The text with \\n at every line's end."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def fields_of(tree: tuple[Node, ...]) -> Iterator[Field]:
    """All fields of a tree, those of conditions too, in the order of the text."""
    for node in tree:
        if isinstance(node, Field):
            yield node
        elif isinstance(node, Choice):
            for test, body in node.branches:
                yield from _fields_of_test(test, node.offset)
                yield from fields_of(body)


def _fields_of_test(test: Condition | None, offset: int) -> Iterator[Field]:
    if test is None:
        return
    if test.op == "field":
        yield Field(test.args[0], (), test.args[1])
        return
    for part in test.args:
        yield from _fields_of_test(part, offset)


def _is_known(name: str, known: set[str]) -> bool:
    return name in known or ANSWER.fullmatch(name) is not None


def _unknown(source: str, field: Field, known: set[str]) -> Problem:
    near = difflib.get_close_matches(field.name, sorted(known), n=1, cutoff=SIMILAR)
    return at(unix_lines(source), field.offset, "unknown_field", field.name, near[0] if near else "")


# ------------------------------------------------------------------------------------------------ gate 2: the parser
class _Environment(Environment):
    """Jinja2's parser whose nodes know their offset: `lineno` is the offset in the text, not a line."""

    def __init__(self) -> None:
        super().__init__(keep_trailing_newline=True, extensions=[])

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        return TokenStream(self.lexer.wrap(self._with_offsets(source, name), name, filename), name, filename)

    def _with_offsets(self, source: str, name: str | None) -> Iterator[tuple[int, str, str]]:
        offset = 0
        try:
            for _line, token, text in self.lexer.tokeniter(source, name):
                yield offset, token, text
                offset += len(text)
        except TemplateSyntaxError as error:
            raise TemplateSyntaxError(error.message or "", offset, name) from None


PARSER = _Environment()


# ---------------------------------------------------------------------------------------------- gate 3: the allow-list
class _Reader:
    """Turns allowed nodes into our tree, and collects a problem for every other."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def body(self, found: list[Any]) -> tuple[Node, ...]:
        tree: list[Node] = []
        for node in found:
            if type(node) is nodes.Output:
                tree += [self.output(part) for part in node.nodes]
            elif type(node) is nodes.If:
                tree.append(self.choice(node))
            else:
                self.refuse(node)
        return tuple(tree)

    def output(self, node: nodes.Expr) -> Node:
        if type(node) is nodes.TemplateData:
            return Data(node.data, node.lineno)
        filters: list[str] = []
        expression: Any = node
        while type(expression) is nodes.Filter:
            filters.insert(0, self.filter(expression))
            expression = expression.node
        if type(expression) is nodes.Name and expression.ctx == "load":
            return Field(expression.name, tuple(filters), expression.lineno)
        return self.refuse(expression or node)

    def filter(self, node: nodes.Filter) -> str:
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self.refuse(node)
        elif node.name not in FILTERS:
            near = difflib.get_close_matches(node.name, FILTERS, n=1, cutoff=SIMILAR)
            self.problems.append(at(self.source, node.lineno, "unknown_filter", node.name, near[0] if near else ""))
        return node.name

    def choice(self, node: nodes.If) -> Choice:
        branches: list[tuple[Condition | None, tuple[Node, ...]]] = []
        for part in (node, *node.elif_):
            branches.append((self.test(part.test), self.body(part.body)))
        if node.else_:
            branches.append((None, self.body(node.else_)))
        return Choice(tuple(branches), self.source.rfind("{%", 0, node.lineno))

    def test(self, node: Any) -> Condition:
        if type(node) is nodes.Name and node.ctx == "load":
            return Condition("field", (node.name, node.lineno))
        if type(node) is nodes.Not:
            return Condition("not", (self.test(node.node),))
        if type(node) in (nodes.And, nodes.Or):
            return Condition("and" if type(node) is nodes.And else "or", (self.test(node.left), self.test(node.right)))
        self.refuse(node)
        return Condition("or", ())

    def refuse(self, node: Any) -> Data:
        word = re.match(r"\w+|.", self.source[node.lineno :], re.DOTALL)
        self.problems.append(at(self.source, node.lineno, "not_allowed", word.group() if word else ""))
        return Data("", node.lineno)

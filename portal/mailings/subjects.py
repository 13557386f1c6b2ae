"""A subject as SQL: the tree of the template language over merge values that PostgreSQL has made.

The same, character for character, as letters.subject_of in Python; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portal.audiences.parameters import Parameters
from portal.emails.language import Choice, Condition, Data, Field, Node
from portal.emails.merge import MAX_LINE

# What Python's strip takes away, and what merge.one_line removes from a value.
BLANK = (
    r"\t\n\x0B\f\r\x1C\x1D\x1E\x1F \u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A"
    r"\u2028\u2029\u202F\u205F\u3000"
)
BLANKS = f"E'{BLANK}'"
UNWANTED = r"\x01-\x08\x0B-\x1F\x7F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFDD0-\uFDEF\uFFFE\uFFFF"
# Capitals by all of Unicode's rules, as Python's (ß becomes SS): a database has one of these collations, or neither.
COLLATIONS = ("pg_unicode_fast", "und-x-icu")

Value = Callable[[str], str]


def stripped(text: str) -> str:
    """Text without blanks at its ends, as Python's strip."""
    return f"btrim({text}, {BLANKS})"


FILTERS: dict[str, Callable[[str, str], str]] = {
    "upper": lambda text, cases: f"upper({text}{cases})",
    "lower": lambda text, cases: f"lower({text}{cases})",
    "capitalize": lambda text, cases: f"(upper(left({text}, 1){cases}) || substr({text}, 2))",
    "trim": lambda text, _cases: stripped(text),
}


class Writer:
    """Writes subjects as SQL. `value`: a field's value as SQL, never null; texts become `parameters`.

    `collation`: that of COLLATIONS which the database has; "": the rules of its own locale.
    """

    def __init__(self, value: Value, parameters: Parameters, collation: str = COLLATIONS[0]) -> None:
        self.value, self.parameters = value, parameters
        self.cases = f' collate "{collation}"' if collation else ""

    def subject(self, tree: tuple[Node, ...]) -> str:
        """The whole subject."""
        close = f"regexp_replace({self.joined(tree)}, ' {{2,}}', ' ', 'g')"
        return f"left({stripped(close)}, {MAX_LINE})"

    def joined(self, tree: tuple[Node, ...]) -> str:
        return " || ".join(self.node(node) for node in tree) if tree else "''"

    def node(self, node: Node) -> str:
        if isinstance(node, Data):
            return self.parameters.add(node.text, "text")
        return self.field(node) if isinstance(node, Field) else self.choice(node)

    def field(self, node: Field) -> str:
        made = self.value(node.name)
        for name in node.filters:
            made = FILTERS[name](made, self.cases)
        return one_line(made)

    def choice(self, node: Choice) -> str:
        branches, otherwise = [], "''"
        for test, body in node.branches:
            made = self.joined(body)
            if test is None:
                otherwise = made
            else:
                branches.append(f"when {self.test(test)} then {made}")
        return f"(case {' '.join(branches)} else {otherwise} end)"

    def test(self, test: Condition) -> str:
        args: tuple[Any, ...] = test.args
        if test.op == "field":
            return f"{stripped(self.value(args[0]))} <> ''"
        if test.op == "not":
            return f"not ({self.test(args[0])})"
        return f"({self.test(args[0])} {test.op} {self.test(args[1])})"


def one_line(value: str) -> str:
    """A value without control characters, its line ends and tabs as spaces (merge.one_line)."""
    lines = rf"replace(replace({value}, E'\r\n', E'\n'), E'\r', E'\n')"
    return rf"translate(regexp_replace({lines}, E'[{UNWANTED}]', '', 'g'), E'\n\t', '  ')"

"""Whether a canonical body may be stored: its fields and conditions, its links, conditions that cross paragraphs."""

from __future__ import annotations

import re
from collections.abc import Collection

from portal.emails import fields
from portal.emails.language import Choice, Data, Field, Node, check, parse, unix_lines
from portal.emails.markup import balanced
from portal.emails.scan import Problem, at


def check_body(source: str, known: Collection[str]) -> list[Problem]:
    """What is wrong with a body: its fields and conditions, its links, conditions that cross paragraphs."""
    source = unix_lines(source)
    problems = check(source, known)
    return problems or _Structure(source).problems(parse(source))


class _Structure:
    def __init__(self, source: str) -> None:
        self.source = source
        self.before = ""

    def problems(self, tree: tuple[Node, ...]) -> list[Problem]:
        found: list[Problem] = []
        for place, node in enumerate(tree):
            if isinstance(node, Data):
                found += self.data(node)
                self.before += node.text
            elif isinstance(node, Field):
                found += self.field(node, tree[place + 1 : place + 2])
            else:
                found += self.choice(node)
        return found

    def inside_tag(self) -> bool:
        return self.before.rfind("<") > self.before.rfind(">")

    def data(self, node: Data) -> list[Problem]:
        plain = re.finditer(r'href="http:', node.text)
        return [at(self.source, node.offset + found.start(), "link_address") for found in plain]

    def field(self, node: Field, after: tuple[Node, ...]) -> list[Problem]:
        """A field in an address is all of it, and a link."""
        if not self.inside_tag():
            return []
        closed = bool(after) and isinstance(after[0], Data) and after[0].text.startswith('"')
        is_link = fields.describe(node.name).kind == "link" and not node.filters
        fits = closed and is_link and self.before.endswith(' href="')
        return [] if fits else [at(self.source, node.offset, "link_field", node.name)]

    def choice(self, node: Choice) -> list[Problem]:
        if self.inside_tag():
            return [at(self.source, node.offset, "link_field")]
        found: list[Problem] = []
        before = self.before
        for _test, body in node.branches:
            self.before = before
            found += self.problems(body)
            if not found and not balanced(self.before[len(before) :]):
                found.append(at(self.source, node.offset, "condition_across"))
        self.before = before
        return found

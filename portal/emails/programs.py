"""A checked text made into a function of the merge values: generated once per template version, run once per message.

The generated source holds nothing that people wrote: constants, names and functions are bound to names of our own
(`c3`, `k5`, `s2`), so a text can be as hostile as it likes. A function that makes quoted-printable has its constants
encoded already; what is left per message is the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from portal.emails import fields
from portal.emails.language import Choice, Condition, Data, Field, Node
from portal.emails.merge import (
    FILTER_FUNCTIONS,
    Mode,
    Values,
    attribute,
    clean,
    holds,
    html_text,
    html_words,
    shows,
    unlinked,
    web_address,
)
from portal.emails.octets import Encode, Shown, Together, quoted, with_crlf

Program = Callable[[Values], str]
OctetProgram = Callable[[Values], bytes]
CONTEXT = 2000  # characters before a field that say where it stands
# Places whose values can be encoded at once: of our own words, of people's; which of them are in html.
OURS, WORDS = (html_text, attribute, clean), (html_words, unlinked)
HTML = (html_text, attribute, html_words)


@dataclass(frozen=True)
class Value:
    """A place where a field's value stands, and how it is shown there."""

    name: str
    show: Callable[[str], str]


@dataclass(frozen=True)
class Fork:
    """Branches with their tests; the last test may be None (else)."""

    branches: tuple[tuple[Condition | None, Pieces], ...]


Pieces = tuple["str | Value | Fork", ...]


def program(tree: tuple[Node, ...], mode: Mode) -> Program:
    """The text of one message as a function of its values. A field without value is empty."""
    return text_program(pieces(tree, mode))


def pieces(tree: tuple[Node, ...], mode: Mode, known: Values | None = None) -> Pieces:
    """What a text consists of. Fields of `known` have these values in every message: they become plain text."""
    return tuple(_Reader(mode, known or {}).read(tree))


def text_program(made: Pieces) -> Program:
    """Pieces -> the function that merges them."""
    return _Writer(None, "").function(made)  # type: ignore[no-any-return]


def octet_program(made: Pieces) -> OctetProgram:
    """Pieces -> the function that merges them into UTF-8 whose lines end with CRLF."""
    return _Writer(with_crlf, b"").function(made)  # type: ignore[no-any-return]


def quoted_program(made: Pieces) -> OctetProgram:
    """Pieces -> the function that merges them into quoted-printable."""
    return _Writer(quoted, b"").function(made)  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------------------ reading the tree
class _Reader:
    """Walks a tree once. `before` is the text so far: it says where a field stands."""

    def __init__(self, mode: Mode, known: Values) -> None:
        self.mode, self.known = mode, known
        self.before = ""

    def read(self, tree: tuple[Node, ...]) -> list[str | Value | Fork]:
        """The pieces of a tree, neighbouring constants joined."""
        made: list[str | Value | Fork] = []
        for node in tree:
            for piece in self.node(node):
                if isinstance(piece, str) and made and isinstance(made[-1], str):
                    made[-1] += piece
                elif piece != "":
                    made.append(piece)
        return made

    def node(self, node: Node) -> list[str | Value | Fork]:
        if isinstance(node, Data):
            self.before = (self.before + node.text)[-CONTEXT:]
            return [node.text]
        return [self.field(node)] if isinstance(node, Field) else self.choice(node)

    def field(self, node: Field) -> str | Value:
        show = _filtered(shows(self.mode, fields.describe(node.name), self.before), node.filters)
        return show(self.known[node.name]) if node.name in self.known else Value(node.name, show)

    def choice(self, node: Choice) -> list[str | Value | Fork]:
        before = self.before
        branches: list[tuple[Condition | None, Pieces]] = []
        for test, body in node.branches:
            left = True if test is None else self.left_of(test)
            if left is False:
                continue
            self.before = before
            branches.append((None if left is True else left, tuple(self.read(body))))
            if left is True:
                break
        self.before = before
        if branches and branches[0][0] is None:
            return list(branches[0][1])
        return [Fork(tuple(branches))] if branches else []

    def left_of(self, test: Condition) -> Condition | bool:
        """A test without what is known: True or False where nothing of it depends on the message."""
        if test.op == "field":
            return holds(test)(self.known) if test.args[0] in self.known else test
        parts = [self.left_of(part) for part in test.args]
        if test.op == "not":
            return not parts[0] if isinstance(parts[0], bool) else Condition("not", (parts[0],))
        decisive = test.op == "or"
        if decisive in parts:
            return decisive
        open_parts = [part for part in parts if not isinstance(part, bool)]
        if len(open_parts) < 2:
            return open_parts[0] if open_parts else not decisive
        return Condition(test.op, tuple(open_parts))


def values_of(made: Pieces) -> Iterator[Value]:
    """All values of a text, those in branches too."""
    for piece in made:
        if isinstance(piece, Value):
            yield piece
        elif isinstance(piece, Fork):
            for _test, body in piece.branches:
                yield from values_of(body)


def _filtered(show: Callable[[str], str], names: tuple[str, ...]) -> Callable[[str], str]:
    functions = [FILTER_FUNCTIONS[name] for name in names]
    if not functions:
        return show

    def filtered(value: str) -> str:
        for function in functions:
            value = function(value)
        return show(value)

    return filtered


# ------------------------------------------------------------------------------------------------ writing the function
class _Writer:
    """Writes the source of one function and binds its names."""

    def __init__(self, encode: Encode | None, nothing: str | bytes) -> None:
        self.encode = encode  # constants now, values in the function
        self.nothing = repr(nothing)
        self.bound: dict[str, Any] = {"join": nothing.join}
        self.names: dict[tuple[str, Any], str] = {}
        self.hoisted: dict[tuple[str, Any], str] = {}
        self.memories: dict[tuple[str, Any], str] = {}

    def function(self, made: Pieces) -> Any:
        sets = [*self.at_once(made), *self.one_by_one(made)]
        lines = ["def made(values):", "get = values.get", *sets, f"return {self.joined(made)}"]
        exec(compile("\n    ".join(lines), "<letter>", "exec"), self.bound)  # noqa: S102 - our own names only, see above
        return self.bound["made"]

    def at_once(self, made: Pieces) -> Iterator[str]:
        """The values of plain places, also of branches that are not taken: one more costs next to nothing."""
        if self.encode is None:
            return
        found = dict.fromkeys((each.name, each.show) for each in values_of(made) if each.name not in fields.SHARED)
        ours, words = ([key for key in found if key[1] in shows] for shows in (OURS, WORDS))
        if not ours and not words:
            return
        names = [self.hoisted.setdefault(key, f"x{len(self.hoisted)}") for key in (*ours, *words)]
        html = (*ours, *words)[0][1] in HTML
        sequences = ("".join(f"{self.plain(*key)}, " for key in keys) for keys in (ours, words))
        said = ", ".join(f"({sequence})" for sequence in sequences)
        yield f"{', '.join(names)}, = {self.name('t', Together(self.encode, html=html))}({said})"

    def one_by_one(self, made: Pieces) -> Iterator[str]:
        """Other values that stand in every message, often more than once."""
        for piece in made:
            if isinstance(piece, Value) and (piece.name, piece.show) not in self.hoisted:
                name = self.hoisted[piece.name, piece.show] = f"x{len(self.hoisted)}"
                yield f"{name} = {self.value(piece.name, piece.show)}"

    def joined(self, made: Pieces) -> str:
        items = [self.item(piece) for piece in made]
        return self.nothing if not items else items[0] if len(items) == 1 else f"join(({', '.join(items)}))"

    def item(self, piece: str | Value | Fork) -> str:
        if isinstance(piece, str):
            return self.name("c", self.encode(piece) if self.encode else piece)
        if isinstance(piece, Value):
            return self.hoisted.get((piece.name, piece.show)) or self.value(piece.name, piece.show)
        said = self.nothing
        for test, body in reversed(piece.branches):
            said = self.joined(body) if test is None else f"({self.joined(body)} if {self.test(test)} else {said})"
        return said

    def value(self, name: str, show: Callable[[str], str]) -> str:
        shown = f"{self.name('s', show)}({self.raw(name)})"
        if self.encode is None:
            return shown
        if name not in fields.SHARED:
            return f"{self.name('e', self.encode)}({shown})"
        if (name, show) not in self.memories:
            self.memories[name, show] = f"m{len(self.memories)}"
            self.bound[self.memories[name, show]] = Shown(show, self.encode)
        return f"{self.memories[name, show]}[{self.raw(name)}]"

    def plain(self, name: str, show: Callable[[str], str]) -> str:
        return f"{self.name('s', web_address)}({self.raw(name)})" if show is attribute else self.raw(name)

    def raw(self, name: str) -> str:
        return f"get({self.name('k', name)}, '')"

    def test(self, test: Condition) -> str:
        if test.op == "field":
            return f"get({self.name('k', test.args[0])}, '').strip()"
        if test.op == "not":
            return f"(not {self.test(test.args[0])})"
        return f"({self.test(test.args[0])} {'and' if test.op == 'and' else 'or'} {self.test(test.args[1])})"

    def name(self, kind: str, value: Any) -> str:
        """The name that a constant, key or function is bound to."""
        if (kind, value) not in self.names:
            self.names[kind, value] = f"{kind}{len(self.names)}"
            self.bound[self.names[kind, value]] = value
        return self.names[kind, value]

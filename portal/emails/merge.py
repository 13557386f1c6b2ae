"""Merge values in their places. Values are untrusted: what one may become depends on where it stands.

Escaped in html, one line in a subject, a link only if its field is one of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Literal

from portal.emails import fields
from portal.emails.language import Choice, Condition, Field, Node

Values = Mapping[str, str]
Mode = Literal["html", "text", "line"]

MAX_LINE = 250  # characters of a subject or preheader after the merge

WEB_ADDRESS = re.compile(r"https?://[^\s<>\"'`{}|\\^\x00-\x20\x7f]+")
# Cc but tab and line feed, bidirectional overrides, line and paragraph separators, noncharacters, lone surrogates.
UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
# What mail programs turn into links by themselves: schemes, www., anything.tld.
LINKABLE = re.compile(r"(?<=[\w-])\.(?=[^\W\d_])|:(?=//)|@(?=[\w-])", re.UNICODE)
WORD_JOINER = "\u2060"
SPECIAL = re.compile("[&<>\"'\n]")  # of html

FILTER_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "capitalize": lambda text: text[:1].upper() + text[1:],
    "trim": str.strip,
}


def empty_fields(tree: tuple[Node, ...], values: Values) -> list[str]:
    """Fields that this message would print although they are empty, in the order of the text, each once."""
    found: dict[str, None] = {}
    for node in tree:
        if isinstance(node, Field) and not values.get(node.name, "").strip():
            found[node.name] = None
        elif isinstance(node, Choice):
            found.update(dict.fromkeys(empty_fields(_chosen(node, values), values)))
    return list(found)


def _chosen(choice: Choice, values: Values) -> tuple[Node, ...]:
    for test, body in choice.branches:
        if test is None or holds(test)(values):
            return body
    return ()


# ------------------------------------------------------------------------------------------------ conditions
def holds(test: Condition) -> Callable[[Values], bool]:
    """A test as a function. A field holds when it has a value that is not only spaces."""
    if test.op == "field":
        name = test.args[0]
        return lambda values: bool(values.get(name, "").strip())
    if test.op == "not":
        inner = holds(test.args[0])
        return lambda values: not inner(values)
    left, right = holds(test.args[0]), holds(test.args[1])
    if test.op == "and":
        return lambda values: left(values) and right(values)
    return lambda values: left(values) or right(values)


# ---------------------------------------------------------------------------------------- how a place shows a value
def shows(mode: Mode, field: fields.Field, before: str) -> Callable[[str], str]:
    """How the value of a field is shown behind the text `before`. A place inside a tag (an href) is no text."""
    if mode == "line":
        return one_line
    if mode == "html" and before.rfind("<") > before.rfind(">"):
        return attribute if field.kind == "link" or before.endswith('href="') else html_text
    if field.kind == "list":
        return _shows_list(mode, field.trust, before)
    if field.kind == "link" and mode == "html":
        return link
    return _SHOW[mode, field.trust == "people"]


def _shows_list(mode: Mode, trust: str, before: str) -> Callable[[str], str]:
    """Items in a list of their own when the field is all of a list's item, else side by side."""
    show = _SHOW[mode, trust == "people"]
    found = re.search(r"<li[^>]*>\Z" if mode == "html" else r"(?:^|\n)( *- )\Z", before)
    between = " · "
    if found:
        between = f"</li>{found[0]}" if mode == "html" else f"\n{found[1]}"
    return lambda value: between.join([show(item) for item in value.split("\n") if item.strip()])


# ---------------------------------------------------------------------------------------------- values in their places
def clean(value: str) -> str:
    """A value without control characters and direction overrides; its lines stay."""
    return value if value.isprintable() else UNWANTED.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(value: str) -> str:
    """A value in a subject: one line, no control characters (header injection, RFC 5322 2.2)."""
    return value if value.isprintable() else clean(value).replace("\n", " ").replace("\t", " ")


def unlinked(value: str) -> str:
    """A person's words so that no mail program makes a link of them: a word joiner stands in what looks like one."""
    value = clean(value)
    if "." in value or ":" in value or "@" in value:
        return LINKABLE.sub(lambda found: f"{found[0]}{WORD_JOINER}", value)
    return value


def html_text(value: str) -> str:
    """A value in the text of an html letter."""
    return escaped(clean(value))


def escaped(value: str) -> str:
    """A clean value that is only text in html."""
    return escape(value, quote=True).replace("\n", "<br>") if SPECIAL.search(value) else value


def html_words(value: str) -> str:
    """A person's words in the text of an html letter."""
    return escaped(unlinked(value))


def attribute(value: str) -> str:
    """A link's address in html."""
    return escape(web_address(value))


def web_address(value: str) -> str:
    """A link's address; anything that is not a web address leads nowhere."""
    return value if WEB_ADDRESS.fullmatch(value) else "#"


def link(value: str) -> str:
    """A link in a sentence, its address being its text. Only for fields whose kind is link: they are made by us."""
    address = attribute(value)
    return html_text(value) if address == "#" else f'<a href="{address}" style="color:inherit">{address}</a>'


_SHOW: dict[tuple[str, bool], Callable[[str], str]] = {
    ("html", False): html_text,
    ("html", True): html_words,
    ("text", False): clean,
    ("text", True): unlinked,
}

"""The html of a letter's body: reduced to few elements in one canonical form (structure.py checks it).

Canonical: paragraphs, headings, lists and quotes one below the other, each on a line of its own; conditions stand
either inside a paragraph or on a line of their own between two. So line numbers mean what the editor shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser

import nh3

from portal.emails.language import unix_lines

BLOCKS = {"p": "p", "div": "p", "h1": "h2", "h2": "h2", "h3": "h2"}
INLINE = {"strong": "strong", "b": "strong", "em": "em", "i": "em"}
LISTS = ("ul", "ol")
TAGS = {*BLOCKS, *INLINE, *LISTS, "li", "a", "br", "blockquote", "img", "figure", "figcaption"}
ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height"}}
SCHEMES = {"http", "https", "mailto"}

TAG = re.compile(r"</?([a-z0-9]+)[^>]*>")
MERGE_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
CONTROL = re.compile(r"\{%[^%]*%\}")
CONTROL_LINE = re.compile(rf"(?:\s*{CONTROL.pattern})+\s*")
BREAK = "<br>\n"
VOID = ("br", "img")
PICTURE = re.compile(r"(?:https?://[^/]+)?(/pictures/[0-9a-f]{32})")  # of ours, whatever host they were copied from
WIDEST_PICTURE = 520  # pixels between the margins of a letter
LONGEST_ALT = 300


def reduce(body: str) -> str:
    """The canonical form of a body; reducing it again changes nothing. Text without any tag becomes paragraphs."""
    body = unix_lines(body)
    if not re.search(r"<[a-zA-Z/!]", body):
        body = _from_plain(body)
    safe = nh3.clean(body, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None)
    writer = _Canonical()
    writer.feed(safe)
    writer.close()
    return writer.result()


def _from_plain(text: str) -> str:
    paragraphs = (
        escape(part, quote=False).replace("\n", "<br>") for part in re.split(r"\n\s*\n", text) if part.strip()
    )
    return "".join(f"<p>{part}</p>" for part in paragraphs)


class _Canonical(HTMLParser):
    """Writes the canonical form from what nh3 let through. Only this class's own tags get into the result."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.words: list[str] = []  # the paragraph, heading or item that is being written
        self.open: list[tuple[str, str]] = []  # inline elements open in it: (name, its opening tag)
        self.block = "p"
        self.lists: list[tuple[str, list[str]]] = []  # lists open around it, with their items
        self.caption: list[str] | None = None  # what is written under a picture describes it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.words.append("<br>")
        elif tag == "img":
            self.words += picture(dict(attrs))
        elif tag == "figcaption":
            self.caption = []
        elif tag in INLINE:
            self.start_inline(INLINE[tag], f"<{INLINE[tag]}>")
        elif tag == "a":
            self.start_link(dict(attrs).get("href") or "")
        elif tag in BLOCKS or tag == "blockquote":
            self.flush()
            self.block = BLOCKS.get(tag, self.block)
            self.out += ["<blockquote>"] if tag == "blockquote" and not self.lists else []
        elif tag in LISTS:
            self.start_list(tag)
        elif tag == "li":
            self.flush()

    def handle_endtag(self, tag: str) -> None:
        if tag in INLINE or tag == "a":
            self.end_inline(INLINE.get(tag, tag))
        elif tag == "figcaption":
            self.end_caption()
        elif tag in BLOCKS:
            self.flush()
            self.block = "p"
        elif tag == "blockquote":
            self.end_quote()
        elif tag in LISTS:
            self.end_list()
        elif tag == "li":
            self.flush()

    def handle_data(self, data: str) -> None:
        if self.caption is None:
            self.words.append(escape(data, quote=False))
        else:
            self.caption.append(data)

    def end_caption(self) -> None:
        """The caption becomes the description of the picture above it."""
        said, self.caption = described("".join(self.caption or ())), None
        if said and self.words and self.words[-1].startswith("<img "):
            self.words[-1] = re.sub(' alt="[^"]*"', lambda _alt: f' alt="{said}"', self.words[-1])

    # -- inline elements: closed at a block's end and opened again in the next, never left open
    def start_inline(self, name: str, opening: str) -> None:
        if name not in (opened for opened, _tag in self.open):
            self.open.append((name, opening))
            self.words.append(opening)

    def start_link(self, href: str) -> None:
        address = " ".join(href.replace("\u00a0", " ").split())
        if re.match(r"(https?://|mailto:)\S", address) or MERGE_TAG.search(address):
            self.start_inline("a", f'<a href="{escape(address, quote=True)}">')

    def end_inline(self, name: str) -> None:
        if name not in (opened for opened, _tag in self.open):
            return
        again = []
        while self.open:
            opened, opening = self.open.pop()
            self.words.append(f"</{opened}>")
            if opened == name:
                break
            again.append((opened, opening))
        for opened, opening in reversed(again):
            self.start_inline(opened, opening)

    def end_quote(self) -> None:
        self.flush()
        if self.lists:
            return
        if self.out[-1] == "<blockquote>":
            self.out.pop()
        else:
            self.out.append("</blockquote>")

    # -- lists
    def start_list(self, tag: str) -> None:
        self.flush()
        self.lists.append((tag, []))

    def end_list(self) -> None:
        self.flush()
        if self.lists:
            tag, items = self.lists.pop()
            written = "\n".join([f"<{tag}>", *items, f"</{tag}>"])
            if items and self.lists:
                self.nest(written)
            elif items:
                self.out.append(written)

    def nest(self, written: str) -> None:
        """A list inside a list belongs to the item before it."""
        items = self.lists[-1][1]
        if items and items[-1].endswith("</li>"):
            items[-1] = f"{items[-1][: -len('</li>')]}\n{written}</li>"
        else:
            items.append(f"<li>{written}</li>")

    # -- the end of a paragraph, heading or item
    def flush(self) -> None:
        closing = "".join(f"</{name}>" for name, _tag in reversed(self.open))
        text = tidy("".join(self.words) + closing)
        self.words = [opening for _name, opening in self.open]
        if not TAG.sub("", text).strip(" \n") and "<img " not in text:
            return
        if self.lists:
            control = CONTROL_LINE.fullmatch(text)
            self.lists[-1][1].extend(CONTROL.findall(text) if control else [f"<li>{text}</li>"])
        elif self.block == "p":
            self.out += paragraphs(text)
        else:
            self.out.append(f"<{self.block}>{tidy(re.sub(f'(?:{BREAK})+', ' ', text))}</{self.block}>")

    def result(self) -> str:
        self.flush()
        while self.lists:
            self.end_list()
        return "\n".join(self.out)


def picture(given: Mapping[str, str | None]) -> list[str]:
    """A picture as letters show it, no wider than they are; nothing where it is none of ours."""
    found = PICTURE.fullmatch((given.get("src") or "").strip())
    if not found:
        return []
    sizes = [given.get(name) or "" for name in ("width", "height")]
    size = ""
    if all(re.fullmatch(r"[1-9][0-9]{0,3}", each) for each in sizes):
        width, height = map(int, sizes)
        shown = min(width, WIDEST_PICTURE)
        size = f' width="{shown}" height="{max(1, round(height * shown / width))}"'
    return [f'<img src="{found[1]}" alt="{described(given.get("alt") or "")}"{size}>']


def described(text: str) -> str:
    """The description of a picture as an attribute; it takes no fields."""
    return escape(" ".join(text.replace("{", "").replace("}", "").split())[:LONGEST_ALT], quote=True)


def tidy(text: str) -> str:
    """Inline html without empty elements, with single spaces, breaks at line ends, and plain spaces within tags."""
    text = re.sub(r"[ \t\n]+", " ", text)
    empty = 1
    while empty:
        text, empty = re.subn(r"<(strong|em|a)\b[^>]*>((?:[ \u00a0]|<br>)*)</\1>", r"\2", text)
    text = re.sub(r" {2,}", " ", text)
    text = MERGE_TAG.sub(lambda tag: re.sub(r"[ \u00a0\u202f]+", " ", tag[0]), text)
    text = re.sub(r"[ \u00a0]*<br>[ \u00a0]*", BREAK, text)
    return re.sub(rf"^(?:{BREAK}| )+|(?:{BREAK}| )+$", "", text)


def paragraphs(text: str) -> list[str]:
    """A text with breaks as paragraphs: an empty line ends one, a condition alone on its line stands between two.

    Where that would tear a condition or an element apart, the text stays one paragraph.
    """
    found: list[str] = []
    for part in re.split(rf"(?:{BREAK}){{2,}}", text):
        lines: list[str] = []
        for line in part.split(BREAK):
            if CONTROL_LINE.fullmatch(line):
                found += [f"<p>{BREAK.join(lines)}</p>"] if lines else []
                found += CONTROL.findall(line)
                lines = []
            else:
                lines.append(line)
        found += [f"<p>{BREAK.join(lines)}</p>"] if lines else []
    whole = all(is_whole(part) for part in found if part.startswith("<p>"))
    return found if whole else [f"<p>{text}</p>"]


def is_whole(html: str) -> bool:
    """Whether every condition and every element that begins here ends here."""
    depth = 0
    for word in re.findall(r"\{%\s*(\w+)", html):
        depth += (word == "if") - (word == "endif")
        if depth < 0 or (depth == 0 and word in ("elif", "else")):
            return False
    return depth == 0 and balanced(html)


def balanced(html: str) -> bool:
    """Whether every element that begins here ends here."""
    stack: list[str] = []
    for tag in TAG.finditer(html):
        if tag[0].startswith("</"):
            if not stack or stack.pop() != tag[1]:
                return False
        elif tag[1] not in VOID:
            stack.append(tag[1])
    return not stack

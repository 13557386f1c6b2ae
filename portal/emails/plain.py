"""The text part of a letter, from its canonical html (markup.py). Fields and conditions stay as they are.

It has to read well by itself: paragraphs, lists with dashes or numbers, each link's address on a line of its own.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

INDENT = "  "
CONDITION = re.compile(r"\{%\s*(if|endif)\b")


def to_text(body: str) -> str:
    """The text of a canonical body, its blocks separated by empty lines."""
    reader = _Text()
    reader.feed(body)
    reader.close()
    return reader.result()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.words = ""  # the paragraph, heading or item that is being read
        self.links: list[tuple[str, str]] = []  # its links: (label, address)
        self.link: tuple[str, int] | None = None  # the open one: address, where its label begins
        self.lists: list[int] = []  # lists open around it: number of the next item, 0 for dashes
        self.quoted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.words = f"{self.words.rstrip(' ')}\n"
        elif tag == "img":
            said = dict(attrs).get("alt")
            self.words += f"[{said}]" if said else ""
        elif tag == "a":
            self.link = (dict(attrs).get("href") or "", len(self.words))
        elif tag in ("ul", "ol"):
            self.end_block(in_list=True)
            self.lists.append(int(tag == "ol"))
        elif tag == "li":
            self.end_block(in_list=True)
            self.words = self.bullet()
        elif tag in ("p", "h2", "blockquote"):
            self.end_block()
            self.quoted = self.quoted or tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.link:
            self.end_link(*self.link)
        elif tag == "li":
            self.end_block(in_list=True)
        elif tag in ("ul", "ol") and self.lists:
            self.end_block(in_list=True)
            self.lists.pop()
            if not self.lists:
                self.out.append("\n")
        elif tag in ("p", "h2", "blockquote"):
            self.end_block()
            self.quoted = self.quoted and tag != "blockquote"

    def handle_data(self, data: str) -> None:
        data = re.sub(r"[ \t\n]+", " ", data)
        self.words += data.lstrip(" ") if self.words.endswith(("\n", " ")) or not self.words else data

    def bullet(self) -> str:
        """The beginning of an item; numbers are counted here, so an item under a condition leaves a gap, not a lie."""
        indent = INDENT * (len(self.lists) - 1)
        if not self.lists or not self.lists[-1]:
            return f"{indent}- "
        self.lists[-1] += 1
        return f"{indent}{self.lists[-1] - 1}. "

    def end_link(self, address: str, begin: int) -> None:
        """Its address goes below the paragraph; under a condition it stays beside its label."""
        label = self.words[begin:].strip()
        marks = CONDITION.findall(self.words)
        self.link = None
        if address.startswith("mailto:"):
            place = address.removeprefix("mailto:").partition("?")[0]
            self.words += "" if place == label else f" <{place}>"
        elif label != address and marks.count("if") > marks.count("endif"):
            self.words += f" <{address}>"
        elif label != address:
            self.links.append((label, address))

    def end_block(self, *, in_list: bool = False) -> None:
        words = self.words.strip("\n ") if not self.lists else self.words.rstrip("\n ")
        words += self.addresses() if words else ""
        self.words, self.links = "", []
        if not words.strip(" \n-"):
            return
        if self.quoted:
            words = "> " + words.replace("\n", "\n> ")
        if re.fullmatch(r"(\{%[^%]*%\}\s*)+", words):
            self.out.append(words.strip())
        else:
            self.out.append(words + ("\n" if in_list else "\n\n"))

    def addresses(self) -> str:
        if not self.links:
            return ""
        if len(self.links) > 1:
            return "".join(f"\n{label}:\n{address}" for label, address in self.links)
        return f"\n{self.links[0][1]}"

    def result(self) -> str:
        self.end_block()
        return "".join(self.out).strip("\n")

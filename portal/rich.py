"""Short texts with a few marks, as colleagues write them into plain boxes: **bold**, _italic_, lists, links. Pure.

Everything is escaped first; only the elements written here come out, and links only where they lead somewhere safe.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((https?://[^\s()<>\"]{1,1000}|mailto:[^\s()<>\"]{3,300})\)")
ADDRESS = re.compile(r"(?<![\w/(\"=])(https?://[^\s<>\"()]{1,1000}[^\s<>\"().,;:!?])")
BOLD = re.compile(r"\*\*(?=\S)(.{1,1000}?)(?<=\S)\*\*")
ITALIC = re.compile(r"(?<!\w)_(?=\S)([^_]{1,1000}?)(?<=\S)_(?!\w)")
BULLET, NUMBERED = re.compile(r"[-*•] +(.*)"), re.compile(r"\d{1,3}[.)] +(.*)")
MARKS = re.compile(r"\*\*|\[([^\[\]\n]*)\]\([^()\s]*\)")


def rich(text: str) -> Markup:
    """Paragraphs and lists. One paragraph without more is only its words."""
    blocks = [_block(part.split("\n")) for part in re.split(r"\n\s*\n", text.strip().replace("\r\n", "\n")) if part]
    if len(blocks) == 1 and blocks[0].startswith("<p>") and blocks[0].endswith("</p>"):
        return Markup(blocks[0].removeprefix("<p>").removesuffix("</p>"))  # noqa: S704 - escaped by _inline
    return Markup("".join(blocks))  # noqa: S704 - escaped by _inline


def plain(text: str) -> str:
    """The words without their marks."""
    return MARKS.sub(lambda found: found[1] or "", text)


def _block(lines: list[str]) -> str:
    for pattern, element in ((BULLET, "ul"), (NUMBERED, "ol")):
        items = [pattern.fullmatch(line.strip()) for line in lines if line.strip()]
        if items and all(items):
            return f"<{element}>{''.join(f'<li>{_inline(item[1])}</li>' for item in items if item)}</{element}>"
    first = next((place for place, line in enumerate(lines) if BULLET.fullmatch(line.strip())), 0)
    if first:  # a sentence with its list directly below
        return _block(lines[:first]) + _block(lines[first:])
    return "<p>" + "<br>".join(_inline(line) for line in lines) + "</p>"


def _inline(text: str) -> str:
    """Escaped, then marked up. Links are cut out first: no mark reaches into an address."""
    parts, last = [], 0
    for found in re.finditer(f"{LINK.pattern}|{ADDRESS.pattern}", text):
        parts.append(_marked(text[last : found.start()]))
        words, address = (found[1], found[2]) if found[2] else (found[3], found[3])
        parts.append(str(Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(address, words)))
        last = found.end()
    return "".join(parts) + _marked(text[last:])


def _marked(text: str) -> str:
    bold = BOLD.sub(r"<strong>\1</strong>", str(escape(text)))
    return ITALIC.sub(r"<em>\1</em>", bold)

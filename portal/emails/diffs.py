"""What changed between two texts, word by word, as people read it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from html import unescape

import msgspec

WORD = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\s+|[\w’'-]+|[^\w\s]")
LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
PICTURE = re.compile(r'<img [^>]*alt="([^"]*)"[^>]*>')
TAG = re.compile(r"<[^>]+>")
Read = Callable[[str], str]
TOO_MANY = 4_000_000  # words times words; beyond, a line is replaced as a whole


class Part(msgspec.Struct, frozen=True):
    """A piece of a line: "same", "out" (only in the old one) or "in" (only in the new one)."""

    kind: str
    text: str


class Line(msgspec.Struct, frozen=True):
    """A line of the comparison. `restyled`: the words are the same, their formatting is not."""

    kind: str  # same, changed, out, in
    parts: tuple[Part, ...]
    restyled: bool = False


def of_lines(old: str, new: str) -> list[Line]:
    """Two single lines; nothing where they are the same."""
    if old == new:
        return []
    return [Line("changed", words(old, new))]


def of_bodies(old: str, new: str) -> list[Line]:
    """Two bodies in their canonical form, one block a line (markup.py); nothing where they are the same."""
    if old == new:
        return []
    return _compared(old, new, readable)


def of_texts(old: str, new: str) -> list[Line]:
    """Two texts of several lines; nothing where they are the same."""
    return [] if old == new else _compared(old, new, str.strip)


def as_it_is(body: str) -> list[Line]:
    """A body in its canonical form as people read it, compared with nothing."""
    return [line for each in body.split("\n") if (line := _whole("same", readable(each))).parts]


def _compared(old: str, new: str, read: Read) -> list[Line]:
    before, after = old.split("\n") if old else [], new.split("\n") if new else []
    lines: list[Line] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        same = [_whole("same", read(each)) for each in before[a:b]] if kind == "equal" else []
        lines += same or _changed(before[a:b], after[c:d], read)
    return [line for line in lines if line.parts]


def _changed(before: list[str], after: list[str], read: Read) -> list[Line]:
    """Lines that were replaced: pairs word by word, what is left over as gone or new."""
    pairs = [_pair(read(old), read(new)) for old, new in zip(before, after, strict=False)]
    gone = [_whole("out", read(each)) for each in before[len(pairs) :]]
    return pairs + gone + [_whole("in", read(each)) for each in after[len(pairs) :]]


def _pair(old: str, new: str) -> Line:
    parts = words(old, new)
    restyled = all(part.kind == "same" for part in parts)
    return Line("same" if restyled else "changed", parts, restyled)


def _whole(kind: str, text: str) -> Line:
    return Line(kind, (Part("same" if kind == "same" else kind, text),) if text else ())


def words(old: str, new: str) -> tuple[Part, ...]:
    """The words of two texts: what stayed, what went, what came."""
    before, after = WORD.findall(old), WORD.findall(new)
    if len(before) * len(after) > TOO_MANY:
        return Part("out", old), Part("in", new)
    parts: list[Part] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(Part("same", "".join(before[a:b])))
            continue
        parts += [Part("out", "".join(before[a:b]))] if b > a else []
        parts += [Part("in", "".join(after[c:d]))] if d > c else []
    return tuple(parts)


def readable(line: str) -> str:
    """A line of html as its words; a link with its address, a picture with its description."""
    line = LINK.sub(lambda found: found[2] if found[2] == found[1] else f"{found[2]} ({found[1]})", line)
    line = PICTURE.sub(lambda found: f"[{found[1] or '…'}]", line.replace("<li>", "– "))
    return unescape(TAG.sub("", line)).strip()

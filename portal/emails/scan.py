"""The first gate of the template language: the tags of a text by their braces.

It finds what people get wrong at the place where they wrote it (an open brace, formatting inside a field, a condition
without end), and keeps everything behind it small and shallow: sizes are capped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

MAX_SOURCE = 60_000  # characters
MAX_TAGS = 1_000
MAX_TAG = 200  # characters between the braces
MAX_DEPTH = 8  # conditions within conditions; parentheses within a condition

OPENING = re.compile(r"\{[{%#]")
ALLOWED_IN_TAG = re.compile(r"[\w \t\n|()]*")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a text, and where. `line` and `column` count from 1; `id` names the sentence in words.py."""

    line: int
    column: int
    id: str
    field: str = ""
    suggestion: str = ""


def at(source: str, offset: int, id: str, field: str = "", suggestion: str = "") -> Problem:
    """A problem at a place of the text (offset from 0)."""
    offset = max(0, min(offset, len(source)))
    column = offset - source.rfind("\n", 0, offset)
    return Problem(source.count("\n", 0, offset) + 1, column, id, field, suggestion)


def scan(source: str, room: int = 1) -> Iterator[Problem]:
    """The first thing that is wrong with the tags of a text, if any. `room` multiplies the caps on sizes."""
    if len(source) > MAX_SOURCE * room:
        yield Problem(1, 1, "too_long", field=str(MAX_SOURCE))
        return
    if found := CONTROL.search(source):
        yield at(source, found.start(), "control_character")
        return
    openings = [found.start() for found in OPENING.finditer(source)]
    if len(openings) > MAX_TAGS * room:
        yield at(source, openings[MAX_TAGS * room], "too_complex")
        return
    yield from _scan_tags(source, openings)


def _scan_tags(source: str, openings: list[int]) -> Iterator[Problem]:
    conditions = _Conditions(source)
    end = 0
    for start in openings:
        if start < end:  # "{{%" opens once
            continue
        end, problem = _scan_tag(source, start)
        problem = problem or conditions.see(source[start:end], start)
        if problem:
            yield problem
            return
    yield from conditions.left_open()


def _scan_tag(source: str, start: int) -> tuple[int, Problem | None]:
    """Where the tag that opens here ends, or what is wrong with it."""
    mark = source[start : start + 2]
    close = source.find("}}" if mark == "{{" else "%}", start + 2)
    inner = source[start + 2 : close]
    end = start + 2
    if mark == "{#":
        return end, at(source, start, "not_allowed", mark)
    if close < 0 or "{{" in inner or "{%" in inner:
        return end, at(source, start, "unclosed", mark)
    if "<" in inner or ">" in inner:
        return end, at(source, start, "split_tag")
    if len(inner) > MAX_TAG or inner.count("(") > MAX_DEPTH:
        return end, at(source, start, "too_complex")
    allowed = ALLOWED_IN_TAG.match(inner)
    stop = allowed.end() if allowed else 0
    if stop < len(inner):
        return end, at(source, end + stop, "not_allowed", inner[stop])
    if not inner.strip():
        return end, at(source, start, "empty_tag")
    return close + 2, None


class _Conditions:
    """Which conditions are open, so that a missing end is reported where the condition begins."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.open: list[tuple[int, bool]] = []  # where, and whether its else has come

    def see(self, tag: str, start: int) -> Problem | None:
        if not tag.startswith("{%"):
            return None
        word, *rest = tag[2:-2].split(maxsplit=1)
        if word == "if":
            self.open.append((start, False))
            return at(self.source, start, "too_complex") if len(self.open) > MAX_DEPTH else None
        if word not in ("elif", "else", "endif"):
            return at(self.source, start, "not_allowed", word)
        if not self.open or (word != "endif" and self.open[-1][1]):
            return at(self.source, start, "stray_tag", word)
        if word != "elif" and rest:
            return at(self.source, start, "not_allowed", rest[0].strip())
        where, _had_else = self.open.pop()
        if word != "endif":
            self.open.append((where, word == "else"))
        return None

    def left_open(self) -> Iterator[Problem]:
        for where, _had_else in self.open[-1:]:
            yield at(self.source, where, "condition_without_end")

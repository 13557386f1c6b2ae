"""When a call is open, what its address and its numbers look like, which choice is which. Values in, values out."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from difflib import SequenceMatcher
from typing import Any, Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

State = Literal["not_published", "not_yet_open", "open", "closed", "archived"]
Choice = dict[str, Any]  # {"key": "a", "label": {"en": "..."}}

TONES = ("mute", "plum", "teal", "warn", "ok", "bad")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG = 60
PREFIX = re.compile(r"[A-Z][A-Z0-9]*")
LONGEST_PREFIX = 10
LONGEST_KEY = 40
REWORDED = 0.6  # of the letters of a choice stay when it is only reworded
# Letters that Unicode does not take apart into a plain letter and an accent.
PLAIN = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
)


class Call(Protocol):
    """What decides whether candidates may apply. The two times are wall time in `time_zone`; None: no limit."""

    @property
    def published(self) -> bool: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def opens_at(self) -> datetime | None: ...
    @property
    def closes_at(self) -> datetime | None: ...


# ------------------------------------------------------------------------------------------------ open or closed
def state(call: Call, now: datetime) -> State:
    """Where a call stands at an instant. It opens and closes by itself (E17)."""
    if not call.published:
        return "not_published"
    if call.opens_at and now < instant(call.opens_at, call.time_zone):
        return "not_yet_open"
    if call.closes_at and now >= instant(call.closes_at, call.time_zone):
        return "closed"
    return "open"


def is_open(call: Call, now: datetime) -> bool:
    """Whether a candidate may apply and submit at an instant (`now` is aware)."""
    return state(call, now) == "open"


def instant(wall: datetime, time_zone: str) -> datetime:
    """The instant (UTC) at which the clocks of a zone show a wall time.

    A time that the clocks skip in spring counts at the end of the gap; one they show twice in autumn at the first.
    """
    zone = ZoneInfo(time_zone)
    first = wall.replace(tzinfo=zone, fold=0)
    there = first.astimezone(UTC)
    if there.astimezone(zone).replace(tzinfo=None) == wall:
        return there
    return _end_of_gap(first, zone)


def _end_of_gap(skipped: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the clocks jumped: between the wall time read with the offset after and that before."""
    after = skipped.replace(fold=1).utcoffset() or timedelta()
    before = skipped.utcoffset() or timedelta()
    earliest = (skipped.replace(tzinfo=None) - after).replace(tzinfo=UTC)

    def jumped(seconds: int) -> bool:
        return (earliest + timedelta(seconds=seconds)).astimezone(zone).utcoffset() == after

    span = range(int((after - before).total_seconds()) + 1)
    return earliest + timedelta(seconds=bisect_left(span, True, key=jumped))


# ------------------------------------------------------------------------------------------------ later phases
class LaterCall(Call, Protocol):
    """A phase after the initial one: the dossiers at `entry_status_id` fill in its form; None: nobody does."""

    @property
    def entry_status_id(self) -> int | None: ...


class Period(Protocol):
    """When a phase asks whom. Wall times of one zone; None: no limit."""

    @property
    def opens_at(self) -> datetime | None: ...
    @property
    def closes_at(self) -> datetime | None: ...
    @property
    def entry_status_id(self) -> int | None: ...


Later = TypeVar("Later", bound=LaterCall)


def open_phases(phases: Sequence[Later], now: datetime) -> list[Later]:
    """The phases whose form may be filled in at an instant, in their order; several may be open side by side."""
    return [phase for phase in phases if phase.entry_status_id and is_open(phase, now)]


def phase_for(phases: Sequence[Later], status_id: int, now: datetime) -> Later | None:
    """The phase that a dossier at a status may fill in at an instant, if any: the first open one it has entered."""
    return next((phase for phase in open_phases(phases, now) if phase.entry_status_id == status_id), None)


def rivals(one: Period, other: Period) -> bool:
    """Whether two phases of a campaign would ask the same dossiers at the same time."""
    starts = one.opens_at or datetime.min, other.opens_at or datetime.min
    ends = one.closes_at or datetime.max, other.closes_at or datetime.max
    return one.entry_status_id == other.entry_status_id and starts[0] < ends[1] and starts[1] < ends[0]


# ------------------------------------------------------------------------------------------------ dates of a copy
def days_to(dates: Sequence[datetime], first_day: date | None) -> int | None:
    """By how many days the dates of a copy move, so that the earliest falls on `first_day`; None: they are left out."""
    return (first_day - min(dates).date()).days if first_day and dates else None


def shifted(wall: datetime | None, days: int | None) -> datetime | None:
    """A date that many days later, at the same hour on the wall; None without a date or without days."""
    return wall + timedelta(days=days) if wall and days is not None else None


# ------------------------------------------------------------------------------------------------ names for machines
def plain_words(text: str) -> list[str]:
    """The words of a text in small ASCII letters and digits: "Żółta łódź 2" -> ["zolta", "lodz", "2"]."""
    parts = unicodedata.normalize("NFKD", text.translate(PLAIN))
    ascii_text = "".join(each for each in parts if not unicodedata.combining(each))
    return re.findall(r"[a-z0-9]+", ascii_text.lower().replace("’", "").replace("'", ""))


def slug_fits(slug: str) -> bool:
    """Whether a text can stand in the public address: small letters, digits, single hyphens."""
    return bool(SLUG.fullmatch(slug)) and len(slug) <= LONGEST_SLUG


def suggested_slug(title: str, taken: Collection[str] = ()) -> str:
    """An address made of a title that nobody has: "Rural Labs" -> "rural-labs", then "rural-labs-2"."""
    words = plain_words(title)
    while len("-".join(words)) > LONGEST_SLUG - 4 and len(words) > 1:
        words.pop()
    wish = "-".join(words)[: LONGEST_SLUG - 4] or "call"
    return _free(wish, taken, "-")


def prefix_fits(prefix: str) -> bool:
    """Whether a text can stand before a dossier's number: capitals and digits, a letter first."""
    return bool(PREFIX.fullmatch(prefix)) and len(prefix) <= LONGEST_PREFIX


def suggested_prefix(title: str, taken: Collection[str] = ()) -> str:
    """The initials of a title, or the start of its only word: "Rural Labs" -> "RL", "Fellowships" -> "FEL"."""
    words = [word for word in plain_words(title) if not word[0].isdigit()]
    wish = "".join(word[0] for word in words)[:5] if len(words) > 1 else "".join(words)[:3]
    return _free(wish.upper() or "D", taken, "")


def suggested_key(label: str, taken: Collection[str] = (), fallback: str = "question") -> str:
    """A name for programs and merge fields made of a label: "Project title" -> "project_title"."""
    key = "_".join(plain_words(label))[:LONGEST_KEY].strip("_")
    if not key or not key[0].isalpha():
        key = f"{fallback}_{key}".strip("_")
    return _free(key, taken, "_")


def _free(wish: str, taken: Collection[str], joint: str) -> str:
    """The wish, or the wish with the first number nobody has."""
    return next(each for each in _numbered(wish, joint) if each not in taken)


def _numbered(wish: str, joint: str) -> Iterator[str]:
    yield wish
    number = 2
    while True:
        yield f"{wish}{joint}{number}"
        number += 1


# ------------------------------------------------------------------------------------------------ choices
def merged_choices(old: Sequence[Choice], lines: Mapping[str, Sequence[str]], default_locale: str) -> list[Choice]:
    """Choices from lines of text, one per line and language; the same line in each language is the same choice.

    A choice keeps its key while its text in the default language stays, or while it is only reworded in its place
    (as many lines as before, much the same letters): answers given keep their meaning. One that was retired, and is
    written again, is the same as before.
    """
    main = lines.get(default_locale, ())
    offered = [each for each in old if not each.get("retired")]
    by_text = {each["label"].get(default_locale): each["key"] for each in [*old, *offered]}
    in_place = [each["key"] for each in offered] if len(main) == len(offered) else []
    still_used = {by_text[text] for text in main if text in by_text}
    taken: set[str] = set()
    choices = []
    for place, text in enumerate(main):
        key = by_text.get(text)
        if (
            key is None
            and in_place
            and in_place[place] not in still_used
            and _alike(text, offered[place], default_locale)
        ):
            key = in_place[place]
        if key is None or key in taken:
            key = suggested_key(text, taken | {each["key"] for each in old}, fallback="choice")
        taken.add(key)
        label = {locale: texts[place] for locale, texts in lines.items() if place < len(texts)}
        choices.append({"key": key, "label": label})
    return choices


def _alike(text: str, choice: Choice, locale: str) -> bool:
    """Whether a line corrects a choice rather than being another one."""
    before, now = str(choice["label"].get(locale, "")).lower(), text.lower()
    return before in now or now in before or SequenceMatcher(None, before, now).ratio() >= REWORDED


def uneven_locale(lines: Mapping[str, Sequence[str]], default_locale: str) -> str | None:
    """The first language whose lines do not pair with those of the default language; empty ones may stay empty."""
    wanted = len(lines.get(default_locale, ()))
    return next((locale for locale, texts in lines.items() if texts and len(texts) != wanted), None)

"""Numbers, dates and lists as people of each language write them (docs: language rules in CONTRIBUTING).

Where Babel's output is not usage, it is corrected here and nowhere else: four digits are not grouped in Spanish and
Polish, French says "1er décembre", Polish dates end in "r.", Spanish "y" turns to "e" before an i.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import dates, lists, numbers

from portal.i18n import _, babel_locale, current_locale, current_zone, ngettext

NBSP, NNBSP = "\u00a0", "\u202f"
UNGROUPED_BELOW = 10_000  # es, pl: 1284, but 12.500 and 12 500
DAYS_IN_WORDS = 6


def number(value: float) -> str:
    """1,284 | 1284 | 1 284 | 1284; decimals as the language writes them."""
    locale = current_locale.get()
    if locale in ("es", "pl") and abs(value) < UNGROUPED_BELOW:
        return numbers.format_decimal(value, locale=babel_locale(), group_separator=False)
    return numbers.format_decimal(value, locale=babel_locale())


def date_long(value: date) -> str:
    """30 November 2026 | 30 de noviembre de 2026 | 30 novembre 2026 | 30 listopada 2026 r."""
    locale = current_locale.get()
    text = dates.format_date(value, "long", locale=babel_locale())
    if locale == "fr":
        day, rest = text.split(" ", 1)
        return f"{'1er' if day == '1' else day}{NBSP}{rest}"
    return f"{text}{NBSP}r." if locale == "pl" else text


def date_table(value: date) -> str:
    """30 Nov 2026 | 30 nov 2026 | 30 nov. 2026 | 30.11.2026"""
    if current_locale.get() == "pl":
        return value.strftime("%d.%m.%Y")
    return dates.format_date(value, "d MMM y", locale=babel_locale())


def time_short(value: datetime) -> str:
    """23:59, in all four languages, in the reader's zone."""
    return local(value).strftime("%H:%M")


def date_time(value: datetime) -> str:
    """The long date and the time, in the reader's zone (a value without zone is read as it stands)."""
    return f"{date_long(local(value))}, {time_short(value)}"


def local(value: datetime) -> datetime:
    """An instant on the reader's clock; a wall time (without zone) stays as it is."""
    return value if value.tzinfo is None else value.astimezone(ZoneInfo(current_zone.get()))


def zone_city(zone: str | None = None) -> str:
    """Madrid, Varsovie, Warszawa: never Babel's zone names, which nobody says."""
    name = zone or current_zone.get()
    city = babel_locale().time_zones.get(name, {}).get("city")
    return str(city or name.rsplit("/", 1)[-1].replace("_", " "))


def zone_words(zone: str | None = None) -> str:
    """local time: Madrid"""
    # NOTE: beside a date and time. {city}: e.g. Madrid, Warsaw, UTC
    return _("local time: {city}").format(city=zone_city(zone))


def when(value: datetime, now: datetime | None = None) -> str:
    """A date as one would say it: today, 14:05; yesterday; on Monday; in 3 days; 12 Nov 2026."""
    here, today = local(value), local(now or datetime.now(UTC)).date()
    days = (here.date() - today).days
    if days in (0, -1, 1):
        return _near_day(days).format(time=time_short(value))
    if -DAYS_IN_WORDS <= days < 0:
        return _on_weekday(here.weekday())
    if 0 < days <= DAYS_IN_WORDS:
        return ngettext("in {n} day", "in {n} days", days).format(n=number(days))
    return date_table(here)


def _near_day(days: int) -> str:
    if days == 0:
        return _("today, {time}")
    return _("yesterday, {time}") if days < 0 else _("tomorrow, {time}")


def _on_weekday(weekday: int) -> str:
    """Seven whole sentences: Polish says "we wtorek" but "w środę"."""
    return (
        _("on Monday"),
        _("on Tuesday"),
        _("on Wednesday"),
        _("on Thursday"),
        _("on Friday"),
        _("on Saturday"),
        _("on Sunday"),
    )[weekday]


def day_heading(value: datetime, now: datetime | None = None) -> str:
    """The heading of a day in a timeline: Today, Sunday 22 November | Friday 20 November 2026."""
    here, today = local(value), local(now or datetime.now(UTC)).date()
    pattern = {"es": "EEEE, d 'de' MMMM", "pl": "EEEE, d MMMM"}.get(current_locale.get(), "EEEE d MMMM")
    if here.year != today.year:
        pattern += {"es": " 'de' y"}.get(current_locale.get(), " y")
    text = dates.format_date(here.date(), pattern, locale=babel_locale())
    if here.date() == today:
        return _("Today, {date}").format(date=text)
    return text[:1].upper() + text[1:]


def duration(span: timedelta) -> str:
    """Whole minutes under two hours, else hours, else days: "35 min", "5 h", "3 days"."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return _("{n} min").format(n=number(minutes))
    if minutes < 48 * 60:
        return _("{n} h").format(n=number(minutes // 60))
    return ngettext("{n} day", "{n} days", minutes // 1440).format(n=number(minutes // 1440))


def list_and(items: Sequence[str]) -> str:
    """a, b and c; Spanish y → e before i-, hi- (not hia-, hie-)."""
    text = lists.format_list(list(items), locale=babel_locale())
    if current_locale.get() == "es":
        return re.sub(r" y (?=h?[ií](?![aeo]))", " e ", text, flags=re.IGNORECASE)
    return text


def list_or(items: Sequence[str]) -> str:
    """a, b or c; Spanish o → u before o-, ho-."""
    text = lists.format_list(list(items), style="or", locale=babel_locale())
    if current_locale.get() == "es":
        return re.sub(r" o (?=h?[oó])", " u ", text, flags=re.IGNORECASE)
    return text


def file_size(octets: int) -> str:
    """350 kB, 2.4 MB (decimal units, as file managers show)."""
    if octets < 1_000_000:
        return f"{number(max(1, round(octets / 1000)))}{NBSP}kB"
    return f"{number(round(octets / 1_000_000, 1))}{NBSP}MB"

"""What people type, read: plain texts, numbers and dates as each language writes them, patterns. Pure."""

from __future__ import annotations

import re
from datetime import date

LARGEST_NUMBER = 1e15  # beyond it a float no longer holds every whole number

SPACES = re.compile(r"[\s\u00a0\u202f]+")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", re.ASCII),
    re.compile(r"(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4})", re.ASCII),
)


def clean(text: str, *, lines: bool = False) -> str:
    """Text without control and direction-changing characters. `lines`: line breaks are kept, as \\n."""
    text = UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.encode("utf-8", "ignore").decode()
    return text.strip() if lines else SPACES.sub(" ", text).strip()


def read_number(text: str, locale: str) -> int | float | None:
    """A number as people of a language type it: 24 800,50 | 24.800,50 | 24,800.50. None when it is none."""
    text = SPACES.sub("", text).replace("\u2212", "-")
    mark = _decimal_mark(text, locale)
    for sign in {",", "."} - {mark}:
        text = text.replace(sign, "")
    text = text.replace(mark, ".") if mark else text
    if not NUMBER.fullmatch(text) or abs(float(text)) > LARGEST_NUMBER:
        return None
    return float(text) if "." in text else int(text)


def _decimal_mark(text: str, locale: str) -> str:
    """Which of comma and dot separates the decimals; "" when none does. Of two kinds, the last one."""
    if "," in text and "." in text:
        return max(",.", key=text.rfind)
    mark = "," if "," in text else "."
    if text.count(mark) != 1:
        return ""
    groups = "," if locale == "en" else "." if locale == "es" else ""
    return "" if mark == groups and re.search(r"[,.]\d{3}$", text) else mark


def read_date(text: str) -> date | None:
    """A day: 2026-11-30 as browsers send it, or 30.11.2026, 30/11/2026 where there is no date field."""
    for pattern in DATES:
        if found := pattern.fullmatch(text):
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                return None
    return None


# ------------------------------------------------------------------------------------------------ patterns
def fit(mask: str, text: str) -> str | None:
    """A text in the writing of a mask, or None. Blanks and signs may be left out: "28013" fits "99-999" -> "28-013"."""
    typed = [sign for sign in text if sign.isascii() and sign.isalnum()]
    if any(sign.isalnum() and not sign.isascii() for sign in text):
        return None
    written = ""
    for wanted in mask:
        if not wanted.isalnum() and wanted != "*":
            written += wanted
        elif typed and _fits(wanted, typed[0]):
            written += typed.pop(0).upper()
        else:
            return None
    return None if typed else written


def _fits(wanted: str, sign: str) -> bool:
    classes = {"9": sign.isdigit(), "A": sign.isalpha(), "*": True}
    return classes.get(wanted, sign.upper() == wanted.upper())


def example_of(mask: str) -> str:
    """Something that fits a mask: "99-AAA" -> "12-ABC"."""
    digits, letters = iter("1234567890" * 10), iter("ABCDEFGHJKLMNPQRSTUVWXYZ" * 5)
    signs = {"9": digits, "A": letters, "*": digits}
    return "".join(next(signs[sign]) if sign in signs else sign for sign in mask[:100])

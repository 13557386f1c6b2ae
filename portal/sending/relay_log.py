"""Postfix's own words about letters: which it has taken, which never reached it. Its log is read from the end.

    Nov 22 09:00:01 mx postfix/cleanup[9]: 4XyZ: message-id=<uuid@example.org>     the head of a letter was read
    Nov 22 09:00:01 mx postfix/qmgr[7]: 4XyZ: from=<b-...@example.org>, size=...   the letter is whole, in the queue

Only the second line says that the letter was taken: the first is written while it still comes in. Times are those of
syslog (no year, this machine's clock) or of RFC 3339. What rotation has moved to `log.1` is read too, packed files are
not.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from portal.sending.verp import bounced_message

BLOCK = 1 << 20
LONGEST = 64 << 20  # octets read of each file

LINE = re.compile(
    rb"^[^\n]*?(?:cleanup|qmgr)\[\d+\]: (?P<queue>\w+): "
    rb"(?:message-id=<(?P<id>[0-9a-f-]{36})@|from=<(?P<mail>[^>\n]*)>)",
    re.MULTILINE,
)
STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\S+)|([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) ")
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")


class Log(msgspec.Struct, frozen=True):
    """What a log says between `first` and `last` (aware; None: nothing readable)."""

    taken: frozenset[UUID]  # letters that are (or were) in the relay's queue
    seen: frozenset[UUID]  # letters whose head it has read; all of `taken` and some that broke off
    ours: bool  # envelope senders of ours are in it: it is the log of the relay that we use
    first: datetime | None
    last: datetime | None

    def excludes(self, message: UUID, start: datetime, end: datetime) -> bool:
        """Whether the log covers the time from `start` to `end` and knows nothing of the letter: it never arrived."""
        covered = self.first is not None and self.last is not None and self.first <= start and end <= self.last
        return self.ours and covered and message not in self.seen


def read(path: Path, since: datetime, secret: bytes, now: datetime) -> Log:
    """The log from its end back to `since`, at most LONGEST octets of it and of the file before it. Raises OSError."""
    text = tail(path, since, now)
    first = stamp_of(text, now)
    if first is None or first > since:
        text = before(path, since, now) + text
    return understood(text, secret, now)


def before(path: Path, since: datetime, now: datetime) -> bytes:
    """The end of the file that rotation has put aside last; b"" when there is none, or it is packed."""
    older = path.with_name(f"{path.name}.1")
    return tail(older, since, now) if older.exists() else b""


def tail(path: Path, since: datetime, now: datetime) -> bytes:
    """Whole lines from the end of a file, until one is older than `since`."""
    with path.open("rb") as file:
        start = end = file.seek(0, os.SEEK_END)
        text = b""
        while start > 0 and end - start < LONGEST:
            step = min(BLOCK, start)
            start -= step
            file.seek(start)
            text = file.read(step) + text
            whole = text if start == 0 else text.partition(b"\n")[2]
            if (first := stamp_of(whole, now)) is not None and first < since:
                return whole
    return text if start == 0 else text.partition(b"\n")[2]


def understood(text: bytes, secret: bytes, now: datetime) -> Log:
    """The letters in some lines of a log."""
    letters: dict[bytes, UUID] = {}
    taken: set[UUID] = set()
    ours: set[UUID] = set()
    for found in LINE.finditer(text):
        if found["id"]:
            if message := uuid_of(found["id"]):
                letters[found["queue"]] = message
        elif message := bounced_message(found["mail"].decode("ascii", "replace"), secret):
            ours.add(message)
        elif found["queue"] in letters:
            taken.add(letters[found["queue"]])
    last = stamp_of(text[text.rstrip(b"\n").rfind(b"\n") + 1 :], now)
    seen = frozenset(letters.values()) | taken | ours
    return Log(frozenset(taken | ours), seen, bool(ours), stamp_of(text, now), last)


def uuid_of(text: bytes) -> UUID | None:
    """A UUID, or None for what only looks like one."""
    try:
        return UUID(text.decode())
    except ValueError:
        return None


def stamp_of(text: bytes, now: datetime) -> datetime | None:
    """The time of the first line that begins with one, aware. A syslog time is of the last twelve months."""
    for line in text.split(b"\n", 10)[:10]:
        if found := STAMP.match(line):
            try:
                return instant(found, now)
            except ValueError:
                continue
    return None


def instant(found: re.Match[bytes], now: datetime) -> datetime:
    """The instant of a time stamp. Raises ValueError."""
    if found[1]:
        at = datetime.fromisoformat(found[1].decode())
        return at if at.tzinfo else at.astimezone()
    day, hour, minute, second = (int(found[n]) for n in (3, 4, 5, 6))
    month = MONTHS.index(found[2]) + 1
    here = now.astimezone()
    for year in (here.year, here.year - 1):
        at = datetime(year, month, day, hour, minute, second).astimezone()
        if at <= now + timedelta(days=1):
            return at.astimezone(UTC)
    raise ValueError("a day that is still to come")

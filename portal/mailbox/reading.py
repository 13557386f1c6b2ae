"""A letter as a mail client reads it: parts and headers of raw bytes that came from anywhere. Never raises."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import msgspec

LONGEST_TEXT = 1_000_000


class Read(msgspec.Struct, frozen=True):
    """What people see of a letter. `headers` are all of them, in order, decoded; `html` is None without such a part."""

    from_: str
    to: str
    cc: str
    subject: str
    date: str
    reply_to: str
    message_id: str
    text: str
    html: str | None
    headers: list[tuple[str, str]]
    attachments: list[str]  # their names


def read(raw: bytes) -> Read:
    """Parse a letter. Nonsense is shown as it stands."""
    letter = message_from_bytes(raw, policy=policy.default)
    return Read(
        from_=header(letter, "From"),
        to=header(letter, "To"),
        cc=header(letter, "Cc"),
        subject=header(letter, "Subject"),
        date=header(letter, "Date"),
        reply_to=header(letter, "Reply-To"),
        message_id=header(letter, "Message-ID").strip("<> "),
        text=_part(letter, "plain") or "",
        html=_part(letter, "html"),
        headers=[(name, header(letter, name, number)) for name, number in _numbered(letter)],
        attachments=_attachments(letter),
    )


def header(letter: EmailMessage, name: str, number: int = 0) -> str:
    """One header in words: decoded, on one line, without NUL. The library raises on some hostile ones."""
    try:
        values = letter.get_all(name, [])
        text = str(values[number]) if number < len(values) else ""
    except Exception:  # any error of the parser: a broken header is shown as missing
        text = ""
    return " ".join(text.replace("\0", "").encode("utf-8", "replace").decode().split())


def _numbered(letter: EmailMessage) -> list[tuple[str, int]]:
    """Header names with their place among those of the same name."""
    seen: dict[str, int] = {}
    numbered = []
    for name in letter.keys():  # noqa: SIM118 - a message is no dict: it yields a name as often as it occurs
        numbered.append((name, seen.setdefault(name.lower(), 0)))
        seen[name.lower()] += 1
    return numbered


def _attachments(letter: EmailMessage) -> list[str]:
    """The names of the documents that came with it."""
    try:
        names = [part.get_filename() or "" for part in letter.iter_attachments()]
    except Exception:  # a message that says it has parts and has none, a name that cannot be decoded
        return []
    return [" ".join(name.replace("\0", "").encode("utf-8", "replace").decode().split()) for name in names if name]


def _part(letter: EmailMessage, kind: str) -> str | None:
    """The first part of a kind that is not an attachment."""
    try:
        part = letter.get_body(preferencelist=(kind,))
        return None if part is None else str(part.get_content())[:LONGEST_TEXT]
    except Exception:  # an unknown charset, a broken encoding: the raw view still shows it
        return None

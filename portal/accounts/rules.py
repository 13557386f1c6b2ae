"""Who may do what, what a password has to be, and how long a session lives. Values in, values out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Literal

# ------------------------------------------------------------------------------------------------ rights and roles
EVERYBODY = frozenset({"home.see"})
RIGHTS = EVERYBODY | {
    "campaign.see", "campaign.edit", "campaign.emails", "programme.edit",
    "dossier.see", "dossier.edit", "dossier.status", "assign.edit", "assessment.see",
    "person.see", "person.edit",
    "template.see", "template.edit",
    "message.see", "message.act",
    "mailing.see", "mailing.candidates", "mailing.contacts", "mailing.approve", "suppression.edit",
    "catalog.see",
    "import.run", "export.run",
    "organisation.edit", "account.manage", "role.edit", "audit.see", "mailbox.see",
}  # fmt: skip
ROLES: dict[str, frozenset[str]] = {
    "administrator": RIGHTS,
    "manager": RIGHTS - {"organisation.edit", "account.manage", "role.edit", "catalog.see"},
    "evaluator": EVERYBODY | {"campaign.see", "dossier.see", "dossier.status", "person.see", "assessment.see"},
    "translator": EVERYBODY | {"catalog.see"},
}
EVERYWHERE = frozenset({"administrator"})  # roles that need no campaign membership to find a row

# ------------------------------------------------------------------------------------------------ sessions and keys
SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=12)
HALF_LIFE = timedelta(minutes=10)  # between the password and the second factor
SEEN_EVERY = timedelta(minutes=1)  # how often `seen_at` and `used_at` are written at most
SECRET_OCTETS = 32
KEY_PREFIX = "cv_"
HINT_LENGTH = len(KEY_PREFIX) + 5

# ------------------------------------------------------------------------------------------------ tries and links
MOST_TRIES = 20  # wrong passwords or codes until an account, or an address, is locked (OWASP ASVS 6.3.1)
LOCK_ACCOUNT, LOCK_ADDRESS = timedelta(hours=1), timedelta(minutes=15)
LINK_LIFE = {"invitation": timedelta(days=7), "reset": timedelta(minutes=30)}
RECOVERY_CODES = 10

# ------------------------------------------------------------------------------------------------ passwords
MIN_PASSWORD, MAX_PASSWORD = 12, 200
FEW_CHARACTERS = 5  # fewer different ones than this are a pattern, whatever the length
LEFT_OF_ABOUT_YOU = 8  # characters that must remain when the name and the address are taken out
SEQUENTIAL_SHARE = 0.7
LINES = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm")

Weakness = Literal["short", "long", "about_you", "repeated", "sequential", "common"]


def rights_of(roles: Iterable[str], granted: Iterable[str] = ()) -> frozenset[str]:
    """All rights of some roles; `granted`: of those that administrators made. A role that is gone gives none."""
    return EVERYBODY.union(*(ROLES.get(role, frozenset()) for role in roles)) | RIGHTS.intersection(granted)


def narrowed(rights: frozenset[str], wanted: Iterable[str] | None) -> frozenset[str]:
    """What a key may do: the account's rights, cut down to the key's own list (None: all of them)."""
    return rights if wanted is None else rights & frozenset(wanted)


def reading(rights: Iterable[str]) -> frozenset[str]:
    """The rights among these that only look."""
    return frozenset(right for right in rights if right.endswith(".see"))


def sees_everywhere(roles: Iterable[str]) -> bool:
    """Whether rows are found without membership of their campaign."""
    return not EVERYWHERE.isdisjoint(roles)


def prepared(password: str) -> str:
    """The form that is hashed: the same accents typed on another keyboard are the same password."""
    return unicodedata.normalize("NFC", password)


def weakness(password: str, *about: str) -> Weakness | None:
    """What is wrong with a new password, or None. `about`: e-mail address and name of whom it belongs to.

    Length and guessability decide, never kinds of characters (NIST SP 800-63B 5.1.1, OWASP ASVS 6.2).
    """
    password = prepared(password)
    if len(password) < MIN_PASSWORD:
        return "short"
    if len(password) > MAX_PASSWORD:
        return "long"
    plain = password.casefold()
    if len(_without(plain, about)) < min(LEFT_OF_ABOUT_YOU, len(plain)):
        return "about_you"
    if len(set(plain)) < FEW_CHARACTERS or plain in (plain + plain)[1:-1]:
        return "repeated"
    return "sequential" if _sequential_share(plain) >= SEQUENTIAL_SHARE else None


def _without(plain: str, about: Iterable[str]) -> str:
    """The password without words of four letters or more from the name and the address."""
    words = {word for text in about for word in _words(text.casefold()) if len(word) >= 4}
    for word in sorted(words, key=len, reverse=True):
        plain = plain.replace(word, "")
    return plain


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text).split()


def _sequential_share(plain: str) -> float:
    """The share of neighbours that are also neighbours in the alphabet or on a keyboard, in either direction."""
    pairs = list(pairwise(plain))
    near = sum(any(a + b in line or b + a in line for line in LINES) for a, b in pairs)
    return near / len(pairs)

"""The words people read about keys. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable

from portal.i18n import _, pgettext
from portal.signatures.queries import KeyRow
from portal.signatures.rules import Seen

TONES = {"new": "warn", "active": "ok", "retired": "mute"}
DNS_TONES: dict[Seen, str] = {
    "published": "ok", "missing": "warn", "different": "bad", "several": "bad", "unknown": "mute",
}  # fmt: skip


def state_word(state: str) -> str:
    """How far a key is."""
    words: dict[str, Callable[[], str]] = {
        "new": lambda: pgettext("signing key", "New"),
        "active": lambda: pgettext("signing key", "Active"),
        "retired": lambda: pgettext("signing key", "Retired"),
    }
    return words[state]()


def seen_word(seen: Seen) -> str:
    """What DNS says about it."""
    words: dict[Seen, Callable[[], str]] = {
        "published": lambda: pgettext("DNS record", "Published"),
        "missing": lambda: pgettext("DNS record", "Not found"),
        "different": lambda: pgettext("DNS record", "Different"),
        "several": lambda: pgettext("DNS record", "More than one"),
        "unknown": lambda: pgettext("DNS record", "No answer"),
    }
    return words[seen]()


def not_yet(key: KeyRow, seen: Seen) -> str:
    """Why a key cannot sign yet, and what to do."""
    sentences: dict[Seen, Callable[[], str]] = {
        "missing": lambda: _("DNS has no record at {name} yet. Publish it, or wait until name servers have seen it."),
        "different": lambda: _("The record at {name} is not this key. Replace it with the one shown here."),
        "several": lambda: _("There is more than one record at {name}. Delete all but the one shown here."),
        "unknown": lambda: _("DNS does not answer for {name}. Try again in a few minutes."),
    }
    # NOTE: {name}: the name of a DNS record, e.g. c202611a._domainkey.example.org
    return sentences[seen]().format(name=key.name) if seen in sentences else ""

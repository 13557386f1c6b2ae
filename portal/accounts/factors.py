"""The second factor: codes of an app (TOTP, RFC 6238), and recovery codes for when the phone is gone.

The app's secret is sealed with PORTAL_SECRET_KEY; of recovery codes only hashes are kept. Every code works once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from datetime import datetime
from typing import Literal

import msgspec
import pyotp

from portal import db, sealed, timeline
from portal.accounts import rules
from portal.actor import Actor
from portal.i18n import _
from portal.outcomes import Missing, Refused

PURPOSE = "totp"
STEP = 30  # seconds (RFC 6238 5.2)
DRIFT = 1  # steps that a phone's clock may be before or behind
RECOVERY_OCTETS = 10
Passed = Literal["app", "recovery"]

STANDING = """
select a.password_hash is not null as has_password, a.oidc_subject is not null as elsewhere, a.totp_since as since,
    (select count(*) from recovery_code c where c.account_id = a.id and c.used_at is null)::int as codes_left,
    exists (select from organisation o where o.second_factor && a.roles) as required
from account a where a.id = $1"""


class Standing(msgspec.Struct, frozen=True):
    """How an account proves who it is. `since`: when its second factor was set up."""

    has_password: bool
    elsewhere: bool
    since: datetime | None
    codes_left: int
    required: bool

    @property
    def asked(self) -> bool:
        """Whether signing in takes a second step: a code, or setting one up."""
        return self.required or self.since is not None


async def standing(account_id: int) -> Standing:
    """How an account proves who it is. Raises Missing."""
    found = await db.one_as(Standing, STANDING, account_id)
    if found is None:
        raise Missing
    return found


# ------------------------------------------------------------------------------------------------ setting up
async def begin(account_id: int) -> None:
    """Make the secret that the app will share. Harmless when there is a second factor already."""
    value = sealed.seal(pyotp.random_base32().encode(), PURPOSE)
    sql = "update account set totp_secret = $2, totp_step = 0 where id = $1 and totp_since is null"
    await db.execute(sql, account_id, value)


async def pending_secret(account_id: int) -> str | None:
    """The secret that waits for its first code, to be shown; None before `begin` and for ever after `confirm`."""
    sql = "select totp_secret from account where id = $1 and totp_since is null"
    value = await db.fetchval(sql, account_id)
    return sealed.unseal(value, PURPOSE).decode() if value else None


def app_address(secret: str, email: str, issuer: str) -> str:
    """What the QR code says (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


async def confirm(by: Actor, code: str) -> list[str]:
    """The app's first code: from now on signing in asks for one. Returns recovery codes, this once. Raises Refused."""
    account_id = by.account_id or 0
    secret = await pending_secret(account_id)
    step = matching_step(secret, code) if secret else None
    if step is None:
        raise Refused(_("This code is not right. Enter the six digits that the app shows now."), field="code")
    async with db.transaction():
        sql = "update account set totp_since = now(), totp_step = $2 where id = $1 and totp_since is null"
        if not await db.execute(sql, account_id, step):
            raise Missing
        await timeline.record("account", account_id, "account.factor_added", by)
        return await _new_codes(account_id)


# ------------------------------------------------------------------------------------------------ proving
async def passes(account_id: int, code: str) -> Passed | None:
    """Whether the code is right and has not been used; it is used up then."""
    plain = "".join(code.split()).replace("-", "")
    return "app" if await _use_step(account_id, plain) else "recovery" if await _use_code(account_id, plain) else None


async def _use_step(account_id: int, code: str) -> bool:
    sql = "select totp_secret from account where id = $1 and totp_since is not null"
    value = await db.fetchval(sql, account_id)
    step = matching_step(sealed.unseal(value, PURPOSE).decode(), code) if value else None
    used = "update account set totp_step = $2 where id = $1 and totp_step < $2"
    return step is not None and bool(await db.execute(used, account_id, step))


async def _use_code(account_id: int, code: str) -> bool:
    sql = "update recovery_code set used_at = now() where account_id = $1 and code_hash = $2 and used_at is null"
    return bool(await db.execute(sql, account_id, _hashed(code)))


def matching_step(secret: str, code: str, now: float | None = None) -> int | None:
    """The step of 30 seconds whose code this is, now or just before or after; None: not right."""
    code = "".join(code.split())
    today = int(time.time() if now is None else now) // STEP
    app = pyotp.TOTP(secret)
    steps = range(today - DRIFT, today + DRIFT + 1)
    right = [step for step in steps if hmac.compare_digest(app.at(step * STEP).encode(), code.encode())]
    return right[-1] if right else None


# ------------------------------------------------------------------------------------------------ later
async def renew_codes(by: Actor, code: str) -> list[str]:
    """Ten other recovery codes; the ones before end. Returns them, this once. Raises Refused for a wrong code."""
    account_id = by.account_id or 0
    await _prove(account_id, code)
    async with db.transaction():
        await timeline.record("account", account_id, "account.codes_renewed", by)
        return await _new_codes(account_id)


async def remove(by: Actor, code: str) -> None:
    """Sign in without a second factor again. Raises Refused for a wrong code."""
    account_id = by.account_id or 0
    await _prove(account_id, code)
    await take_away(account_id, by)


async def take_away(account_id: int, by: Actor) -> None:
    """Remove the second factor of an account, whose phone is lost for instance."""
    async with db.transaction():
        sql = "update account set totp_secret = null, totp_since = null, totp_step = 0 where id = $1"
        await db.execute(sql, account_id)
        await db.execute("delete from recovery_code where account_id = $1", account_id)
        await timeline.record("account", account_id, "account.factor_removed", by)


async def _prove(account_id: int, code: str) -> None:
    if await passes(account_id, code) is None:
        raise Refused(wrong_code(), field="code")


def wrong_code() -> str:
    """The sentence for a code that is wrong, old or used."""
    return _("This code is not right, or it has been used already. Wait for the next one, then try again.")


async def _new_codes(account_id: int) -> list[str]:
    codes = [_code() for _number in range(rules.RECOVERY_CODES)]
    await db.execute("delete from recovery_code where account_id = $1", account_id)
    rows = [(account_id, _hashed(code.replace("-", ""))) for code in codes]
    await db.executemany("insert into recovery_code (account_id, code_hash) values ($1, $2)", rows)
    return codes


def _code() -> str:
    """80 random bits as four groups of letters and digits that nobody confuses."""
    plain = base64.b32encode(secrets.token_bytes(RECOVERY_OCTETS)).decode().lower()
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def _hashed(code: str) -> bytes:
    return hashlib.sha256(code.lower().encode()).digest()

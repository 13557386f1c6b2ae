"""People who sign in, their sessions and API keys."""

from __future__ import annotations

from piccolo.columns import Array, BigInt, Boolean, Bytea, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.table import Table


class Account(Table, tablename="account"):
    """Somebody who can sign in. `roles` are names of sets of rights (rules.ROLES)."""

    id = Serial(primary_key=True)
    email = Text(unique=True)
    name = Text()
    password_hash = Text(null=True, default=None, secret=True)
    roles = Array(base_column=Text())
    locale = Text(default="en")
    time_zone = Text(default="UTC")
    active = Boolean(default=True)
    created_at = Timestamptz()
    version = Integer(default=1)
    invited_at = Timestamptz(null=True, default=None)
    deactivated_at = Timestamptz(null=True, default=None)
    totp_secret = Bytea(null=True, default=None)
    totp_since = Timestamptz(null=True, default=None)
    totp_step = BigInt(default=0)
    oidc_issuer = Text(null=True, default=None)
    oidc_subject = Text(null=True, default=None)


class ApiKey(Table, tablename="api_key"):
    """A key of an account. `rights` narrows what the account may; null leaves all of it."""

    id = Serial(primary_key=True)
    account_id = ForeignKey(references=Account, null=False)
    key_hash = Bytea(secret=True)
    hint = Text()
    rights = Array(base_column=Text(), null=True)
    created_at = Timestamptz()
    used_at = Timestamptz(null=True)
    revoked_at = Timestamptz(null=True)

"""What an operator sets: read from the environment once, checked at once, wrong values named in one sentence."""

from __future__ import annotations

import sys
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from portal.own_key import kept_secret
from portal.smtp_url import OAuth as OAuth
from portal.smtp_url import SmtpUrl as SmtpUrl
from portal.smtp_url import is_token_url
from portal.smtp_url import parse_smtp_url as parse_smtp_url

ROOT = Path(__file__).parent.parent
SECRET_LENGTH = 32
DNS_PORT = 53
MAILBOX_OFFSET = 25  # the on-screen mailbox listens on the web port plus this: 8025 beside 8000
# What to visit when we listen everywhere.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
EXPECTED: dict[object, str] = {
    "lease_seconds": "a number of seconds above 0",
    "smtp_connections": "a number of connections from 1 to 200",
}
OAUTH = ("smtp_oauth_token_url", "smtp_oauth_client_id", "smtp_oauth_client_secret", "smtp_oauth_refresh_token")

OIDC = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class WrongSetting(Exception):
    """A setting is missing or wrong. The message is one sentence that names the variable."""


class Settings(BaseSettings):
    """The environment, with the prefix PORTAL_ (a `.env` file beside the code is read in development)."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", env_file=ROOT / ".env", extra="ignore", frozen=True)

    database_url: str | None = Field(default=None, repr=False)
    redis_url: str | None = Field(default=None, repr=False)
    smtp_url: str | None = Field(default=None, repr=False)
    smtp_connections: int = Field(default=20, ge=1, le=200)
    smtp_oauth_token_url: str = ""
    smtp_oauth_client_id: str = ""
    smtp_oauth_client_secret: str = Field(default="", repr=False)
    smtp_oauth_refresh_token: str = Field(default="", repr=False)
    secret_key: str = Field(default="", repr=False)
    secret_key_before: str = Field(default="", repr=False)
    base_url: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = Field(default="", repr=False)
    oidc_name: str = ""
    dns: str = ""
    data_dir: Path = ROOT / ".data"
    bind: str = "127.0.0.1:8000"
    default_locale: Literal["es", "fr", "pl", "en"] = "en"
    time_zone: str = "UTC"
    log: Literal["text", "json"] = "text"
    lease_seconds: float = Field(default=60, gt=0)
    relay_queue: str = ""
    relay_log: Path | None = None

    @field_validator("*", mode="before")
    @classmethod
    def empty_is_unset(cls, value: Any, info: Any) -> Any:
        """`PORTAL_SMTP_URL=` means: not set."""
        return cls.model_fields[info.field_name].default if value == "" else value

    @field_validator("database_url")
    @classmethod
    def is_postgresql(cls, value: str | None) -> str | None:
        """Only PostgreSQL."""
        if value and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("postgresql://user:password@host/database")
        return value

    @field_validator("redis_url")
    @classmethod
    def is_redis(cls, value: str | None) -> str | None:
        """Redis or Valkey, by TCP, TLS or a socket."""
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("redis://host:6379/0, rediss://host:6379/0 or unix://path")
        return value

    @field_validator("smtp_url")
    @classmethod
    def is_smtp(cls, value: str | None) -> str | None:
        """Parsed once here, so that a wrong one stops the start."""
        if value:
            parse_smtp_url(value)
        return value

    @field_validator("secret_key_before")
    @classmethod
    def are_secrets(cls, value: str) -> str:
        """Former keys, separated by commas: they open what they have sealed, and seal nothing."""
        if value and not _listed(value):
            raise ValueError(f"former keys of at least {SECRET_LENGTH} characters, separated by commas")
        return value

    @field_validator("dns")
    @classmethod
    def is_a_name_server(cls, value: str) -> str:
        """Parsed once here, so that a wrong one stops the start."""
        try:
            _name_server(value)
        except ValueError as wrong:
            raise ValueError("the address of a name server such as 9.9.9.9 or 127.0.0.1:5353") from wrong
        return value

    @field_validator("smtp_oauth_token_url")
    @classmethod
    def is_encrypted(cls, value: str) -> str:
        """Secrets go there."""
        if value and not is_token_url(value):
            raise ValueError("the https:// address that hands out access tokens")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def is_a_provider(cls, value: str) -> str:
        """Passwords are typed there: encrypted, but for a provider on this very machine."""
        parts = urlsplit(value)
        encrypted = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if value and (not encrypted or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("the https:// address of an OpenID Connect provider")
        return value

    @field_validator("base_url")
    @classmethod
    def is_web(cls, value: str) -> str:
        """What links in letters begin with; kept without a slash at the end."""
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("https://portal.example.org")
        return value.rstrip("/")

    @field_validator("data_dir")
    @classmethod
    def is_absolute(cls, value: Path) -> Path:
        """Relative to where the command was started, once and for all."""
        return value.expanduser().absolute()

    @field_validator("time_zone")
    @classmethod
    def is_a_zone(cls, value: str) -> str:
        """A name of the tz database."""
        try:
            ZoneInfo(value)
        except Exception as unknown:
            raise ValueError("the name of a time zone such as Europe/Madrid") from unknown
        return value

    @field_validator("bind")
    @classmethod
    def has_a_port(cls, value: str) -> str:
        """host:port"""
        host, _colon, port = value.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError("an address and a port such as 127.0.0.1:8000")
        return value

    @model_validator(mode="after")
    def can_sign_in(self) -> Settings:
        """Signing in with OAuth needs all four of its settings."""
        missing = [name for name in OAUTH if not getattr(self, name)]
        if self.smtp_url and parse_smtp_url(self.smtp_url).auth == "xoauth2" and missing:
            raise ValueError(f"PORTAL_{missing[0].upper()} is missing: auth=xoauth2 in PORTAL_SMTP_URL needs it.")
        return self

    @model_validator(mode="after")
    def can_sign_in_elsewhere(self) -> Settings:
        """Single sign-on needs its three settings, or none."""
        missing = [name for name in OIDC if not getattr(self, name)]
        if missing and len(missing) < len(OIDC):
            raise ValueError(f"PORTAL_{missing[0].upper()} is missing: single sign-on needs it.")
        return self

    @model_validator(mode="after")
    def has_a_secret(self) -> Settings:
        """In production the key is given; a demonstration makes its own and keeps it in the data folder."""
        if self.secret_key and len(self.secret_key) < SECRET_LENGTH:
            raise ValueError(f"PORTAL_SECRET_KEY is too short: expected at least {SECRET_LENGTH} random characters.")
        if not self.secret_key and self.database_url:
            raise ValueError(
                f"PORTAL_SECRET_KEY is missing: with PORTAL_DATABASE_URL, set it to at least {SECRET_LENGTH} "
                "random characters."
            )
        if not self.secret_key:
            object.__setattr__(self, "secret_key", kept_secret(self.data_dir))
        if not self.base_url:
            host = ANYWHERE.get(self.host, self.host)
            host = f"[{host}]" if ":" in host else host
            object.__setattr__(self, "base_url", f"http://{host}:{self.port}")
        return self

    @property
    def host(self) -> str:
        """The address the web process listens on."""
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port the web process listens on."""
        return int(self.bind.rpartition(":")[2])

    @property
    def former_secret_keys(self) -> list[str]:
        """Keys that were PORTAL_SECRET_KEY before; also the whole, for a key that has a comma in it."""
        return _listed(self.secret_key_before)

    @property
    def dns_server(self) -> tuple[str, int] | None:
        """Whom to ask about DNS records; None: the system's name servers."""
        return _name_server(self.dns)

    @property
    def smtp(self) -> SmtpUrl | None:
        """Where letters go; None: to the on-screen mailbox."""
        url = parse_smtp_url(self.smtp_url) if self.smtp_url else None
        if url is None or url.auth == "password":
            return url
        return replace(url, oauth=OAuth(*(getattr(self, name) for name in OAUTH)))

    @property
    def mailbox(self) -> SmtpUrl:
        """Where the on-screen mailbox listens when it runs."""
        port = self.port + MAILBOX_OFFSET
        return SmtpUrl("127.0.0.1", port if port < 65536 else self.port - MAILBOX_OFFSET)

    @property
    def relay(self) -> SmtpUrl:
        """Whom to hand letters to: the SMTP server that was set, else the on-screen mailbox."""
        return self.smtp or self.mailbox


def _listed(value: str) -> list[str]:
    parts = {value: None} | dict.fromkeys(each.strip() for each in value.split(","))
    return [each for each in parts if len(each) >= SECRET_LENGTH]


def _name_server(value: str) -> tuple[str, int] | None:
    if not value:
        return None
    parts = urlsplit(f"//[{value}]" if value.count(":") > 1 and "]" not in value else f"//{value}")
    address = str(ip_address(parts.hostname or ""))
    return address, parts.port or DNS_PORT


_settings: Settings | None = None


def settings() -> Settings:
    """The settings of this process. When one is wrong, says so in one sentence and ends with status 2."""
    global _settings
    if _settings is None:
        try:
            _settings = read()
        except WrongSetting as wrong:
            print(wrong, file=sys.stderr)  # noqa: T201
            raise SystemExit(2) from None
    return _settings


def read(**values: Any) -> Settings:
    """Read the environment; `values` win over it. Raises WrongSetting."""
    try:
        return Settings(**values)
    except ValidationError as wrong:
        raise WrongSetting(_sentence(wrong)) from None


def use(**changes: Any) -> Settings:
    """Change settings of this process only: the addresses of embedded servers, and tests."""
    global _settings
    _settings = settings().model_copy(update=changes)
    return _settings


def _sentence(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False)[0]
    said = str(first.get("ctx", {}).get("error", first["msg"]))
    if not first["loc"]:
        return said
    name = f"PORTAL_{str(first['loc'][0]).upper()}"
    expected = EXPECTED.get(first["loc"][0], first.get("ctx", {}).get("expected", said))
    return f"{name} is wrong: expected {expected}."

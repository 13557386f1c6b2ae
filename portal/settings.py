"""What an operator sets: read from the environment once, checked at once, wrong values named in one sentence."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent.parent
SECRET_LENGTH = 32
Tls = Literal["none", "starttls", "tls"]


class WrongSetting(SystemExit):
    """A setting is missing or wrong. The start ends with one sentence and status 2."""

    def __init__(self, sentence: str) -> None:
        super().__init__(2)
        self.sentence = sentence


@dataclass(frozen=True)
class SmtpUrl:
    """Where letters are handed over, and how. `tls`: none, starttls (required, never skipped), tls from the start."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: Tls = "none"


def parse_smtp_url(url: str) -> SmtpUrl:
    """`smtp://user:pass@host:587?tls=starttls` or `smtps://host`. Raises ValueError with what is expected."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("smtp://user:password@host:port?tls=starttls or smtps://user:password@host:port")
    wanted = parse_qs(parts.query).get("tls", ["none"])[0]
    if wanted not in ("none", "starttls"):
        raise ValueError("tls=starttls or tls=none")
    tls: Tls = "tls" if parts.scheme == "smtps" else ("starttls" if wanted == "starttls" else "none")
    port = parts.port or {"tls": 465, "starttls": 587, "none": 25}[tls]
    return SmtpUrl(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


class Settings(BaseSettings):
    """The environment, with the prefix PORTAL_ (a `.env` file is read in development)."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", env_file=".env", extra="ignore", frozen=True)

    database_url: str | None = None
    redis_url: str | None = None
    smtp_url: str | None = None
    secret_key: str = ""
    base_url: str = ""
    data_dir: Path = Field(default=ROOT / ".data")
    bind: str = "127.0.0.1:8000"
    default_locale: Literal["es", "fr", "pl", "en"] = "en"
    time_zone: str = "UTC"
    log: Literal["text", "json"] = "text"
    lease_seconds: float = Field(default=60, gt=0)

    @field_validator("database_url", "redis_url", "smtp_url", mode="before")
    @classmethod
    def empty_is_unset(cls, value: Any) -> Any:
        """`PORTAL_SMTP_URL=` means: not set."""
        return value or None

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
            raise ValueError("redis://host:6379/0, rediss://... or unix://path")
        return value

    @field_validator("smtp_url")
    @classmethod
    def is_smtp(cls, value: str | None) -> str | None:
        """Parsed once here, so that a wrong one stops the start."""
        if value:
            parse_smtp_url(value)
        return value

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
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError("an address and a port such as 127.0.0.1:8000")
        return value

    @model_validator(mode="after")
    def has_a_secret(self) -> Settings:
        """In production the key is given; a demonstration makes its own and keeps it in the data folder."""
        if self.secret_key and len(self.secret_key) < SECRET_LENGTH:
            raise ValueError(f"PORTAL_SECRET_KEY must have at least {SECRET_LENGTH} characters")
        if not self.secret_key and self.database_url:
            raise ValueError(f"PORTAL_SECRET_KEY must be set to at least {SECRET_LENGTH} random characters")
        if not self.secret_key:
            object.__setattr__(self, "secret_key", _kept_secret(self.data_dir))
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://{self.bind.replace('0.0.0.0', '127.0.0.1')}")
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
    def smtp(self) -> SmtpUrl | None:
        """Where letters go; None: the on-screen mailbox."""
        return parse_smtp_url(self.smtp_url) if self.smtp_url else None


def _kept_secret(folder: Path) -> str:
    """The data folder's own key, made once, readable by its owner only."""
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Raises WrongSetting, whose sentence names the variable."""
    try:
        return Settings()
    except ValidationError as wrong:
        raise WrongSetting(_sentence(wrong)) from None


def _sentence(wrong: ValidationError) -> str:
    first = wrong.errors()[0]
    said = str(first.get("ctx", {}).get("error", first["msg"]))
    if not first["loc"]:
        return f"{said}."
    return f"PORTAL_{str(first['loc'][0]).upper()} is wrong: expected {said}."

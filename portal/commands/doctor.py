"""`portal doctor`: each line says ok, or what to do."""

from __future__ import annotations

import asyncio
import shutil
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import click

from portal.certificates import in_words
from portal.commands.findings import Finding, ToDo
from portal.commands.surroundings import surroundings, with_pool
from portal.sending.oauth import TokenRefused, ask, initial_response
from portal.settings import ROOT, OAuth, Settings, SmtpUrl, settings

SECONDS = 10.0
CHALLENGE, SIGNED_IN = 334, 235  # replies to AUTH (RFC 4954)
CLOCK_SKEW = 2.0  # seconds between the database's clock and ours
LEAST_DISK = 1_000_000_000  # octets
OLDEST_POSTGRES = 150_000  # server_version_num
VENDOR = ROOT / "static" / "vendor"
NEEDED = ("oat.min.css", "htmx.min.js", "icons.svg")


@click.command()
def doctor() -> None:
    """Look at everything that has to be right: each line ok, or what to do. Status 1 when there is something to do."""
    given = settings()
    findings = list(examine(given))
    for finding in findings:
        click.echo(f"{finding.subject + ':':<12} {'ok' if finding.is_fine else 'to do'}: {finding.words}")
    if not all(finding.is_fine for finding in findings):
        raise SystemExit(1)


def examine(given: Settings) -> Iterator[Finding]:
    """All findings, one after the other."""
    yield _finding("settings", lambda: _settings(given))
    try:
        with surroundings(migrated=given.database_url is None) as served:
            yield _finding("database", lambda: with_pool(_database))
            yield _finding("clock", lambda: with_pool(_clock))
            yield _finding("queue", lambda: asyncio.run(_queue(served.redis_url or "")))
            yield from _mail_checks(given)
    except Exception as failed:
        yield Finding("servers", str(failed), is_fine=False)
    yield _finding("mail", partial(_mail, given))
    yield _finding("disk", partial(_disk, given))
    yield _finding("pages", _pages)
    yield _finding("catalogs", _catalogs)


def _finding(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, check())
    except ToDo as found:
        return Finding(subject, str(found), is_fine=False)
    except OSError as failed:
        return Finding(subject, f"it does not answer ({failed}): start it, or correct its address", is_fine=False)
    except Exception as failed:  # whatever a server or a library says is the finding
        return Finding(subject, f"{type(failed).__name__}: {failed}", is_fine=False)


def _settings(given: Settings) -> str:
    if given.database_url and not given.base_url.startswith("https://"):
        raise ToDo(f"PORTAL_BASE_URL is {given.base_url}: set it to the https:// address that people use")
    own = "kept in the data folder" if (given.data_dir / "secret_key").exists() else "set"
    return f"the secret key is {own}, links begin with {given.base_url}"


async def _database() -> str:
    from portal import db, migrate

    version = int(await db.fetchval("show server_version_num"))
    if version < OLDEST_POSTGRES:
        raise ToDo(f"PostgreSQL {version // 10_000} is too old: use 15 or newer")
    if await migrate.is_behind():
        raise ToDo("it is not up to date: run portal migrate")
    return f"PostgreSQL {version // 10_000}, up to date"


async def _clock() -> str:
    from portal import db

    before = datetime.now(UTC)
    theirs: datetime = await db.fetchval("select clock_timestamp()")
    ours = before + (datetime.now(UTC) - before) / 2
    skew = (theirs - ours).total_seconds()
    if abs(skew) > CLOCK_SKEW:
        raise ToDo(f"the database's clock is {skew:+.1f} s off ours: let NTP set both")
    return f"the database's is {skew:+.3f} s off ours"


async def _queue(url: str) -> str:
    from redis.asyncio import Redis, RedisError

    try:
        async with Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS) as client:
            info = await client.info("server")
    except RedisError as failed:
        raise ToDo(f"it does not answer ({str(failed).rstrip('.')}): start it, or correct PORTAL_REDIS_URL") from failed
    return f"{info.get('server_name', 'redis')} {info.get('valkey_version', info.get('redis_version', ''))}".strip()


def _mail_checks(given: Settings) -> Iterator[Finding]:
    """Secrets; and where letters leave this machine, what others are told about them."""
    from portal.commands import mail_checks

    yield _finding("secrets", lambda: with_pool(mail_checks.secrets))
    if given.smtp is not None:
        yield from with_pool(mail_checks.findings, given.smtp)


def _mail(given: Settings) -> str:
    if given.smtp is None:
        return "nothing leaves this machine: letters go to the on-screen mailbox (PORTAL_SMTP_URL is not set)"
    return sign_in(given.smtp)


def sign_in(server: SmtpUrl) -> str:
    """Greet the server, encrypt and sign in as sending does. Raises ToDo."""
    context = ssl.create_default_context()
    place = f"{server.host}:{server.port}"
    try:
        if server.tls == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        with client:
            client.ehlo()
            if server.tls == "starttls":
                client.starttls(context=context)
                client.ehlo()
            if server.oauth:
                _sign_in_with_token(client, server.user, server.oauth)
            elif server.user:
                client.login(server.user, server.password)
    except TokenRefused as refused:
        raise ToDo(f"{refused}: check PORTAL_SMTP_OAUTH_REFRESH_TOKEN and its neighbours") from refused
    except ssl.SSLError as failed:
        raise ToDo(f"{place} cannot be used: {in_words(failed, server.host)}") from failed
    except smtplib.SMTPAuthenticationError as refused:
        raise ToDo(
            f"{place} refuses the login of {server.user} ({refused.smtp_code}): check PORTAL_SMTP_URL"
        ) from refused
    except smtplib.SMTPNotSupportedError as refused:
        raise ToDo(f"{place}: {refused} Check tls= and the login in PORTAL_SMTP_URL") from refused
    except (OSError, smtplib.SMTPException) as failed:
        raise ToDo(f"{place} cannot be used ({failed}): check PORTAL_SMTP_URL") from failed
    return f"{place} lets us in" + ("" if server.tls != "none" else ", without encryption")


def _sign_in_with_token(client: smtplib.SMTP, user: str, oauth: OAuth) -> None:
    token, _lifetime = ask(oauth)
    code, said = client.docmd("AUTH", f"XOAUTH2 {initial_response(user, token).decode()}")
    if code == CHALLENGE:
        code, said = client.docmd("")
    if code != SIGNED_IN:
        raise smtplib.SMTPAuthenticationError(code, said)


def _disk(given: Settings) -> str:
    folder = given.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < LEAST_DISK:
        raise ToDo(f"only {free / 1e9:.1f} GB are free at {folder}: make room")
    return f"{free / 1e9:,.0f} GB free at {folder}"


def _pages() -> str:
    missing = [name for name in NEEDED if not (VENDOR / name).exists()]
    if missing:
        raise ToDo(f"static/vendor lacks {', '.join(missing)}: run make setup")
    return "styles, scripts and icons are installed"


def _catalogs() -> str:
    from portal.i18n import LOCALES, catalogs

    stale = []
    for locale in LOCALES:
        source = catalogs.folder / locale / "LC_MESSAGES" / "portal.po"
        compiled = source.with_suffix(".mo")
        with suppress(FileNotFoundError):
            if source.stat().st_mtime > (compiled.stat().st_mtime if compiled.exists() else 0):
                stale.append(locale)
    if stale:
        raise ToDo(f"{', '.join(stale)} changed since they were compiled: run portal catalogs compile")
    return "compiled: " + ", ".join(LOCALES)

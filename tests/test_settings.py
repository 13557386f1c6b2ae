"""Settings: read once, wrong ones named in one sentence."""

from __future__ import annotations

import multiprocessing
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.settings import ROOT, OAuth, SmtpUrl, WrongSetting, parse_smtp_url, read

KEY = "k" * 32


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PORTAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", SmtpUrl("mail.example", 25)),
        ("smtp://mail.example?tls=none", SmtpUrl("mail.example", 25)),
        ("smtp://ana:p%40ss%2F@mail.example:2525", SmtpUrl("mail.example", 2525, "ana", "p@ss/")),
        ("smtp://ana:x@mail.example?tls=starttls", SmtpUrl("mail.example", 587, "ana", "x", "starttls")),
        ("smtp://mail.example:25?tls=starttls", SmtpUrl("mail.example", 25, tls="starttls")),
        ("smtps://mail.example", SmtpUrl("mail.example", 465, tls="tls")),
        ("smtp://[::1]:1025", SmtpUrl("::1", 1025)),
    ],
)
def test_an_smtp_url_says_where_and_how(url: str, expected: SmtpUrl) -> None:
    assert parse_smtp_url(url) == expected


def test_nothing_has_to_be_set() -> None:
    found = read()

    assert (found.database_url, found.redis_url, found.smtp) == (None, None, None)
    assert (found.host, found.port, found.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert (found.default_locale, found.time_zone, found.log, found.lease_seconds) == ("en", "UTC", "text", 60)
    assert found.relay == SmtpUrl("127.0.0.1", 8025)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "DATABASE_URL",
            "mysql://x",
            "PORTAL_DATABASE_URL is wrong: expected postgresql://user:password@host/database.",
        ),
        ("REDIS_URL", "http://x", "PORTAL_REDIS_URL is wrong: expected redis://host:6379/0, "),
        ("SMTP_URL", "mail.example", "PORTAL_SMTP_URL is wrong: expected smtp://user:password@host:port?tls=starttls"),
        ("SMTP_URL", "smtp://mail.example?tls=maybe", "PORTAL_SMTP_URL is wrong: expected tls=starttls or tls=none"),
        ("SMTP_URL", "smtp://mail.example:99999", "PORTAL_SMTP_URL is wrong: expected "),
        ("OIDC_ISSUER", "http://id.example", "PORTAL_OIDC_ISSUER is wrong: expected the https:// address of an OpenID"),
        ("OIDC_ISSUER", "https://id.example", "PORTAL_OIDC_CLIENT_ID is missing: single sign-on needs it."),
        ("BASE_URL", "portal.example", "PORTAL_BASE_URL is wrong: expected https://portal.example.org."),
        ("BIND", "8000", "PORTAL_BIND is wrong: expected an address and a port such as 127.0.0.1:8000."),
        ("BIND", "localhost:0", "PORTAL_BIND is wrong: expected an address and a port such as 127.0.0.1:8000."),
        ("DEFAULT_LOCALE", "de", "PORTAL_DEFAULT_LOCALE is wrong: expected 'es', 'fr', 'pl' or 'en'."),
        ("TIME_ZONE", "Mars", "PORTAL_TIME_ZONE is wrong: expected the name of a time zone such as Europe/Madrid."),
        ("LOG", "yaml", "PORTAL_LOG is wrong: expected 'text' or 'json'."),
        ("LEASE_SECONDS", "0", "PORTAL_LEASE_SECONDS is wrong: expected a number of seconds above 0."),
        ("SECRET_KEY", "short", "PORTAL_SECRET_KEY is too short: expected at least 32 random characters."),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(f"PORTAL_{name}", value)
    monkeypatch.setenv("PORTAL_SECRET_KEY", value if name == "SECRET_KEY" else KEY)

    with pytest.raises(WrongSetting) as wrong:
        read()

    assert str(wrong.value).startswith(sentence)


def test_a_database_of_ones_own_needs_a_secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_DATABASE_URL", "postgresql://db/portal")

    with pytest.raises(WrongSetting, match="^PORTAL_SECRET_KEY is missing"):
        read()


def test_empty_means_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "SMTP_URL", "BIND", "LOG", "TIME_ZONE", "BASE_URL", "LEASE_SECONDS"):
        monkeypatch.setenv(f"PORTAL_{name}", "")

    found = read()

    assert (found.database_url, found.smtp_url, found.bind, found.log) == (None, None, "127.0.0.1:8000", "text")
    assert found.lease_seconds == 60


def test_links_lead_to_where_people_can_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_BIND", "0.0.0.0:80")
    assert read().base_url == "http://127.0.0.1:80"
    monkeypatch.setenv("PORTAL_BIND", "[::]:8080")
    assert (read().host, read().base_url) == ("::", "http://[::1]:8080")
    monkeypatch.setenv("PORTAL_BASE_URL", "https://portal.example/")
    assert read().base_url == "https://portal.example"


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = read().secret_key

    assert len(first) >= 32
    assert read().secret_key == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_agree_on_the_key() -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.starmap(_secret, [()] * 16))) == 1


def _secret() -> str:
    return read().secret_key


def test_a_folder_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "file"))

    with pytest.raises(WrongSetting, match="^PORTAL_DATA_DIR is wrong: .* cannot be used"):
        read()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_SMTP_URL", "smtp://ana:hush@mail.example")
    monkeypatch.setenv("PORTAL_SECRET_KEY", KEY)

    assert "hush" not in repr(read())
    assert KEY not in repr(read())


def test_a_command_ends_with_the_sentence_and_status_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portal", "doctor"],
        cwd=ROOT,
        env={**os.environ, "PORTAL_LOG": "yaml"},
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "PORTAL_LOG is wrong: expected 'text' or 'json'.\n"


OAUTH = {
    "SMTP_URL": "smtp://office%40example.org@smtp.example:587?tls=starttls&auth=xoauth2",
    "SMTP_OAUTH_TOKEN_URL": "https://login.example/token",
    "SMTP_OAUTH_CLIENT_ID": "client",
    "SMTP_OAUTH_CLIENT_SECRET": "s3cret",
    "SMTP_OAUTH_REFRESH_TOKEN": "refresh",
}


def test_signing_in_with_oauth(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OAUTH.items():
        monkeypatch.setenv(f"PORTAL_{name}", value)
    route = read().smtp
    assert route == SmtpUrl(
        *("smtp.example", 587, "office@example.org", "", "starttls", "xoauth2"),
        oauth=OAuth("https://login.example/token", "client", "s3cret", "refresh"),
    )
    assert "s3cret" not in repr(route) + repr(read())


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        *(
            (name, "", f"PORTAL_{name} is missing: auth=xoauth2 in PORTAL_SMTP_URL needs it.")
            for name in list(OAUTH)[1:]
        ),
        (
            "SMTP_OAUTH_TOKEN_URL",
            "http://login.example/token",
            "PORTAL_SMTP_OAUTH_TOKEN_URL is wrong: expected the https:// address that hands out access tokens.",
        ),
        ("SMTP_URL", "smtp://u@h?auth=ntlm", "PORTAL_SMTP_URL is wrong: expected auth=xoauth2 at the end, or nothing"),
        ("SMTP_URL", "smtp://h?auth=xoauth2", "PORTAL_SMTP_URL is wrong: expected the mailbox's name before the host"),
        ("SMTP_CONNECTIONS", "0", "PORTAL_SMTP_CONNECTIONS is wrong: expected a number of connections from 1 to 200."),
        (
            "SMTP_CONNECTIONS",
            "201",
            "PORTAL_SMTP_CONNECTIONS is wrong: expected a number of connections from 1 to 200.",
        ),
        ("SMTP_CONNECTIONS", "x", "PORTAL_SMTP_CONNECTIONS is wrong: expected a number of connections from 1 to 200."),
    ],
)
def test_what_oauth_and_the_connections_need_is_named(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each, usual in OAUTH.items():
        monkeypatch.setenv(f"PORTAL_{each}", usual)
    monkeypatch.setenv(f"PORTAL_{name}", value)
    with pytest.raises(WrongSetting) as wrong:
        read()
    assert str(wrong.value).startswith(sentence)


def test_access_tokens_may_be_asked_for_in_clear_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://127.0.0.1:8080/token", "http://localhost/token", "https://login.example/t"):
        monkeypatch.setenv("PORTAL_SMTP_OAUTH_TOKEN_URL", url)
        assert read().smtp_oauth_token_url == url


def test_twenty_connections_unless_set_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read().smtp_connections == 20
    monkeypatch.setenv("PORTAL_SMTP_CONNECTIONS", "200")
    assert read().smtp_connections == 200

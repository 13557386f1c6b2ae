"""The `portal` command as an operator meets it: its own process, its exit status, one sentence."""

from __future__ import annotations

import json
import socket
from typing import Any

import asyncpg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from portal.commands import doctor, run
from portal.commands.doctor import ToDo, sign_in
from portal.settings import SmtpUrl, read
from tests.clients import Portal

PASSWORD = "a long enough password of Ana's"


def ana(portal: Portal) -> None:
    """Ana, an administrator, has an account."""
    words = ("--email", "ana@example.org", "--name", "Ana", "--role", "administrator", "--locale", "pl")
    done = portal("user", "create", *words, "--password-stdin", said=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ana@example.org can sign in.\n", "")


async def test_a_user_is_created_with_the_password_of_standard_input(portal: Portal, fresh_database: str) -> None:
    ana(portal)

    connection = await asyncpg.connect(fresh_database)
    row = await connection.fetchrow("select email::text, name, roles, locale, password_hash from account")
    await connection.close()
    assert tuple(row)[:4] == ("ana@example.org", "Ana", ["administrator"], "pl")
    assert row["password_hash"].startswith("$argon2id$")


def test_a_password_is_made_up_when_there_is_no_terminal(portal: Portal) -> None:
    done = portal("user", "create", "--email", "bob@example.org", "--name", "Bob", "--role", "evaluator")

    assert done.returncode == 0
    assert len(done.stdout.split("The password is ")[1].strip()) == 20


def test_a_refusal_is_one_sentence(portal: Portal) -> None:
    ana(portal)

    again = portal("user", "create", "--email", "ANA@example.org", "--name", "Ana", "--role", "manager")

    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "Error: Somebody signs in with this e-mail address already.\n"


def test_a_key_stands_alone_on_the_last_line(portal: Portal) -> None:
    ana(portal)

    done = portal("api-key", "create", "--email", "ana@example.org", "--rights", "all")

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("cv_")
    assert portal("api-key", "create", "--email", "nobody@example.org").returncode == 1


def test_totals_add_up_in_words_and_as_json(portal: Portal) -> None:
    done = portal("ledger", "totals")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "balanced")

    for options in (["--json"], ["--json", "--recount"]):
        found = json.loads(portal("ledger", "totals", *options).stdout)
        assert list(found) == ["intended", "by_state", "duplicates", "balanced", "checked_at"]
        assert (found["intended"], found["duplicates"], found["balanced"]) == (0, 0, True)


def test_the_register_is_held_and_confirmed_by_hand(portal: Portal) -> None:
    said = [portal("ledger", verb).stdout for verb in ("confirm", "hold", "hold", "confirm", "confirm")]
    assert said == [
        "Nothing was on hold.\n",
        "On hold: nothing leaves until portal ledger confirm.\n",
        "It was on hold already.\n",
        "Confirmed: what waits leaves now.\n",
        "Nothing was on hold.\n",
    ]


async def test_a_database_that_lags_behind_is_refused_until_it_is_migrated(portal: Portal, fresh_database: str) -> None:
    connection = await asyncpg.connect(fresh_database)
    await connection.execute("drop schema public cascade; create schema public")
    await connection.close()

    refused = portal("ledger", "totals")
    assert (refused.returncode, refused.stderr) == (
        1,
        "Error: The database is not up to date: run portal migrate first.\n",
    )
    assert portal("migrate").returncode == 0
    assert portal("migrate").stdout == "The database is up to date.\n"
    assert portal("ledger", "totals").returncode == 0


def test_a_database_that_does_not_answer_is_one_sentence(portal: Portal) -> None:
    done = portal("migrate", PORTAL_DATABASE_URL="postgresql://127.0.0.1:1/portal")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database does not answer as it should (")
    assert len(done.stderr.splitlines()) == 1


def test_wrong_usage_is_status_2(portal: Portal) -> None:
    assert portal("user", "create").returncode == 2
    assert portal("no-such-command").returncode == 2


# ------------------------------------------------------------------------------------------------ doctor
def test_the_doctor_says_ok_or_what_to_do(portal: Portal) -> None:
    assert portal("catalogs", "compile").returncode == 0
    done = portal("doctor", PORTAL_BASE_URL="https://portal.example.org")
    said = {line.partition(":")[0]: line.partition(":")[2].strip() for line in done.stdout.splitlines()}

    assert list(said) == ["settings", "database", "clock", "queue", "secrets", "mail", "disk", "pages", "catalogs"]
    assert {name: words for name, words in said.items() if not words.startswith("ok: ")} == {}
    assert done.returncode == 0


def test_the_doctor_names_what_is_wrong(portal: Portal) -> None:
    done = portal("doctor", PORTAL_REDIS_URL="redis://127.0.0.1:1", PORTAL_SMTP_URL="smtp://127.0.0.1:1")

    assert done.returncode == 1
    assert "settings:    to do: PORTAL_BASE_URL is http://127.0.0.1:8000: set it to the https:// address" in done.stdout
    assert "queue:       to do: it does not answer" in done.stdout
    assert "mail:        to do: 127.0.0.1:1 cannot be used" in done.stdout
    assert "database:    ok: PostgreSQL" in done.stdout


@pytest.fixture
def mail_server() -> Any:
    """An SMTP server that asks for a login and offers no encryption."""

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    controller = Controller(
        object(), hostname="127.0.0.1", port=0, auth_required=True, auth_require_tls=False, authenticator=authenticate
    )
    controller.port = free_port()
    controller.start()
    yield controller
    controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_doctor_signs_in_as_sending_does(mail_server: Controller) -> None:
    where = (mail_server.hostname, mail_server.port)

    assert sign_in(SmtpUrl(*where, "ana", "right")) == f"{where[0]}:{where[1]} lets us in, without encryption"
    with pytest.raises(ToDo, match="refuses the login of ana"):
        sign_in(SmtpUrl(*where, "ana", "wrong"))
    with pytest.raises(ToDo, match="STARTTLS"):
        sign_in(SmtpUrl(*where, "ana", "right", "starttls"))


def test_an_unknown_failure_of_a_check_is_a_finding() -> None:
    def check() -> str:
        raise ValueError("what now")

    assert doctor._finding("mail", check) == ("mail", "ValueError: what now", False)


# ------------------------------------------------------------------------------------------------ ports
def test_a_taken_port_is_one_sentence(portal: Portal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = portal("up", PORT=str(port))

    assert done.returncode == 1
    assert done.stderr == f"Error: Port {port}, for the portal, is in use: choose another one, e.g. PORT=8080.\n"


def test_port_changes_the_port_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_BIND", "0.0.0.0:8000")
    run.listen_on(8080)

    assert read().bind == "0.0.0.0:8080"

"""Servers as they are: with and without pipelining, slow, rude, breaking off at every stage."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from portal import db
from portal.ledger import queries
from portal.ledger.rules import Lane
from portal.sending import pool, smtp
from portal.sending.pool import BREATH, FRUITLESS
from portal.settings import OAuth
from tests import factories
from tests.sending.helpers import plan, sending, settled, states, until
from tests.sending.sink import ALL, HANGS, Sink, running
from tests.sending.tokens import endpoint

pytestmark = pytest.mark.usefixtures("fresh_database")
Answer = Callable[[str, bytes], bytes | None]


def sometimes(step: str, reply: bytes, every: int = 7, least: int = 0) -> Answer:
    """Every n-th time at this step, this reply."""
    count = 0

    def answer(at: str, line: bytes) -> bytes | None:
        nonlocal count
        if at != step:
            return None
        count += 1
        return reply if count > least and count % every == 0 else None

    return answer


@pytest.mark.parametrize("offer", [(), ("8BITMIME",), ALL], ids=["bare", "8BITMIME", "all"])
async def test_letters_go_to_servers_with_and_without_pipelining(offer: tuple[str, ...]) -> None:
    await plan(60)
    async with running(Sink(offer=offer)) as sink, sending(sink, size=3):
        await settled(0)
    assert await states() == {"accepted": 60}
    assert set(sink.ids.values()) == {1} and len(sink.ids) == 60
    assert all((b" BODY=8BITMIME" in letter.mail.encode()) == ("8BITMIME" in offer) for letter in sink.got)
    assert all(letter.raw.isascii() != ("8BITMIME" in offer) for letter in sink.got)


async def test_a_server_that_knows_only_helo_gets_its_letters() -> None:
    await plan(3)

    def helo(step: str, line: bytes) -> bytes | None:
        return b"500 5.5.1 what is EHLO?" if step == "ehlo" and line.startswith(b"EHLO") else None

    async with running(Sink(answer=helo)) as sink, sending(sink):
        await settled(0)
    assert await states() == {"accepted": 3}
    assert {line[:4] for line in sink.commands[:2]} == {b"EHLO", b"HELO"}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("step", ["banner", "ehlo", "mail", "rcpt", "data", "dot"])
async def test_P1_P3_connections_cut_at_every_stage(step: str, pipelining: bool) -> None:
    await plan(150)
    offer = ALL if pipelining else ()
    async with (
        running(Sink(offer=offer, answer=sometimes(step, b"", every=3 if step in ("banner", "ehlo") else 20))) as sink,
        sending(sink),
    ):
        await settled(0)
    counted = await states()
    cut = 150 // 20 if step == "dot" else 0
    assert counted == ({"accepted": 150 - cut, "uncertain": cut} if cut else {"accepted": 150})
    assert set(sink.ids.values()) == {1}
    assert (
        await db.fetchval("select count(*) from message where state = 'uncertain' and reason = 'connection_lost'")
        == cut
    )


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("step", "reply", "expected"),
    [
        ("rcpt", b"550 5.1.1 No such user", ("failed", "address_unknown", 550)),
        ("rcpt", b"550-5.1.1 No such user,\r\n550 5.1.1 really", ("failed", "address_unknown", 550)),
        ("rcpt", b"550 5.7.1 Rejected by policy", ("failed", "policy", 550)),
        ("rcpt", b"450 4.2.0 Greylisted", ("queued", "later", 450)),
        ("data", b"554 5.3.0 No", ("failed", "refused", 554)),
        ("data", b"451 4.3.0 Later", ("queued", "later", 451)),
        ("dot", b"554 5.7.1 Spam", ("failed", "policy", 554)),
        ("dot", b"550 4.7.1 A mismatch counts as temporary", ("queued", "later", 550)),
        ("dot", b"452 4.2.2 Mailbox full", ("queued", "later", 452)),
        ("dot", b"421 4.3.2 Shutting down", ("queued", "later", 421)),
    ],
)
async def test_one_refused_letter_fails_alone(
    step: str, reply: bytes, expected: tuple[str, str, int], pipelining: bool
) -> None:
    await plan(5)
    answer = sometimes(step, reply, every=3)
    once = [0]

    def only_once(at: str, line: bytes) -> bytes | None:
        said = answer(at, line)
        once[0] += said is not None
        return said if once[0] <= 1 else None

    async with (
        running(Sink(offer=ALL if pipelining else (), answer=only_once)) as sink,
        sending(sink, size=1) as engine,
    ):
        await until(lambda: told(1))
        assert engine.shift
        engine.shift.pool.closed_until = 0  # after 421: half a minute otherwise
        await settled(1)
    row = await db.fetchrow("select state::text, reason, code, reply from message where code not between 200 and 299")
    assert row and (row["state"], row["reason"], row["code"]) == expected
    assert row["reply"] == reply.decode().replace("550-", "550 ").replace("\r\n550", "")
    assert len(sink.got) == 4
    blocked = await db.fetch("select scope, reason from suppression")
    assert [tuple(each) for each in blocked] == (
        [("all", "suppressed_bounce")] if expected[1] == "address_unknown" else []
    )


async def told(count: int) -> bool:
    """Whether so many tries ended otherwise than accepted."""
    return bool(await db.fetchval("select count(*) >= $1 from attempt where state <> 'accepted'", count))


async def test_greylisted_mail_waits_its_five_minutes_and_goes_then() -> None:
    await plan(40)
    seen: set[bytes] = set()

    def greylist(step: str, line: bytes) -> bytes | None:
        if step != "rcpt" or line in seen:
            return None
        seen.add(line)
        return b"450 4.2.0 Greylisted, come back later"

    async with running(Sink(answer=greylist)) as sink, sending(sink) as engine:
        await until(lambda: told(40))
        assert sink.got == []
        due = await db.fetch("select due_at, waits_for, attempt from batch where done_at is null")
        assert {(row["waits_for"], row["attempt"]) for row in due} == {("retry", 1)}
        now = datetime.now(UTC)
        assert all(timedelta(minutes=3.9) < row["due_at"] - now < timedelta(minutes=6.1) for row in due)
        await db.execute("update batch set due_at = now() where done_at is null")
        engine.wake()
        await settled(0)
    assert await states() == {"accepted": 40}
    assert set(sink.ids.values()) == {1}


async def test_after_three_days_of_refusals_the_message_says_so() -> None:
    await plan(1)
    later = Sink(answer=lambda step, line: b"451 4.3.0 Later" if step == "dot" else None)
    async with running(later) as sink, sending(sink) as engine:
        await until(lambda: told(1))
        await db.execute("update attempt set at = at - interval '73 hours'")
        await db.execute("update batch set due_at = now() where done_at is null")
        engine.wake()
        await settled(0)
    row = await db.fetchrow("select state::text, reason, code from message")
    assert row and tuple(row) == ("failed", "gave_up", 451)


async def test_a_refused_envelope_sender_pauses_the_sender_and_fails_nothing() -> None:
    await plan(20)

    def refuse(step: str, line: bytes) -> bytes | None:
        return b"550 5.7.1 Sender not allowed" if step == "mail" else None

    async with running(Sink(answer=refuse)) as sink, sending(sink):
        await until(sender_paused)
    assert await states() == {"queued": 20}
    what = await db.fetch("select what, details->>'reason' as reason from timeline_event where subject = 'sender'")
    assert [tuple(row) for row in what] == [("sender.paused", "550 5.7.1 Sender not allowed")]
    assert (await queries.totals()).balanced


async def sender_paused() -> bool:
    return bool(await db.fetchval("select paused from sender"))


async def test_a_wrong_password_pauses_the_senders_and_fails_nothing() -> None:
    await plan(5)
    async with running(Sink(login=("office", "right"))) as sink, sending(sink, user="office", password="wrong"):
        await until(sender_paused)
    assert await states() == {"queued": 5}
    assert sink.got == []


@pytest.mark.parametrize("methods", [b"PLAIN LOGIN", b"LOGIN"])
async def test_login_with_either_method(methods: bytes) -> None:
    await plan(3)

    def offer(step: str, line: bytes) -> bytes | None:
        return b"250-sink\r\n250 AUTH " + methods if step == "ehlo" else None

    user, password = "office@passerelle.example", "pässword"
    asking = Sink(login=(user, password), answer=offer)
    async with running(asking) as sink, sending(sink, user=user, password=password):
        await settled(0)
    assert await states() == {"accepted": 3}
    assert not any(b"p\xc3\xa4ssword" in line for line in sink.commands)
    said = (
        b"AUTH LOGIN"
        if methods == b"LOGIN"
        else b"AUTH PLAIN " + base64.b64encode(b"\0office@passerelle.example\0p\xc3\xa4ssword")
    )
    assert said in sink.commands


async def test_421_halves_the_connections_and_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RECOVERY", 600.0)  # however slow the machine: no cap grows again before the end
    await plan(400)
    mails, refused = [0], list[int]()  # since all ten were open; how many were, when one was refused

    def busy(step: str, line: bytes) -> bytes | None:
        mails[0] += step == "mail" and sink.open == 10
        if step != "mail" or refused or mails[0] < 40:
            return None
        refused.append(sink.open)
        return b"421 4.7.0 Too many connections"

    sink = Sink(answer=busy)
    async with running(sink), sending(sink) as engine:
        await settled(0)
        assert refused == [10]
        assert engine.shift and engine.shift.pool.cap == 5

        async def fewer() -> bool:
            return sink.open <= 5

        await until(fewer)
    assert await states() == {"accepted": 400}
    assert set(sink.ids.values()) == {1}
    assert await db.fetchval("select max(attempts) from message") == 0


async def test_a_server_that_is_down_costs_no_message_a_try() -> None:
    await plan(10)
    sink = Sink()
    async with running(sink):
        pass  # its port is known, and closed again
    async with sending(sink) as engine:
        await asyncio.sleep(1)
        assert await states() == {"queued": 10}
        async with running(sink):
            assert engine.shift
            engine.shift.pool.closed_until = 0
            engine.wake()
            await settled(0)
    assert await states() == {"accepted": 10}
    assert await db.fetchval("select count(*) from attempt where state <> 'accepted'") == 0


async def test_a_poison_letter_is_put_off_alone() -> None:
    ids = await plan(60)
    poison = b"person30@people.example"

    def crash(step: str, line: bytes) -> bytes | None:
        return b"" if step == "rcpt" and poison in line else None

    async with running(Sink(answer=crash)) as sink, sending(sink):
        await settled(1)
        await until(lambda: told(1))
    assert await states() == {"accepted": 59, "queued": 1}
    assert len(sink.got) == 59 and len(ids) == 60


async def test_a_poison_letter_at_the_head_of_a_few_holds_up_nobody() -> None:
    """Few letters need one connection only: the one that breaks it must not be the first again and again."""
    await plan(4)

    def nonsense(step: str, line: bytes) -> bytes | None:
        return b"\xff\x00 what" if step == "rcpt" and b"person0@" in line else None

    async with running(Sink(answer=nonsense)) as sink, sending(sink):
        await settled(1)
        await until(lambda: told(1))
    assert await states() == {"accepted": 3, "queued": 1}
    assert (await queries.totals()).balanced


async def test_a_server_that_breaks_every_connection_is_not_hammered() -> None:
    await plan(40)
    async with running(Sink(answer=lambda step, line: b"" if step == "rcpt" else None)) as sink, sending(sink):
        begun = time.monotonic()
        async with asyncio.timeout(60):
            while sink.connections < FRUITLESS + 3:
                await asyncio.sleep(0.01)
        assert time.monotonic() - begun >= 2 * BREATH
    assert await states() == {"queued": 40}
    assert await db.fetchval("select count(*) from attempt") == 0


async def test_silence_after_the_dot_is_waited_for_then_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert smtp.TIMEOUTS["dot"] == 600
    monkeypatch.setitem(smtp.TIMEOUTS, "dot", 1.0)
    await plan(1)
    async with running(Sink(delay=5)) as sink, sending(sink):
        await settled(0)
    row = await db.fetchrow("select state::text, reason from message")
    assert row and tuple(row) == ("uncertain", "connection_lost")


async def test_garbage_for_a_reply_ends_the_connection_and_no_message() -> None:
    await plan(40)
    async with running(Sink(answer=sometimes("rcpt", b"\x00\xff garbage", every=9))) as sink, sending(sink):
        await settled(0)
    assert await states() == {"accepted": 40}


async def test_an_empty_letter_goes_to_nobody_when_the_server_asks_for_one_all_the_same() -> None:
    await plan(3)

    def odd(step: str, line: bytes) -> bytes | None:
        if step == "rcpt" and b"person1@" in line:
            return b"550 5.1.1 No such user"
        return b"354 go on anyway" if step == "data" else None

    sink = Sink(answer=odd)
    async with running(sink), sending(sink, size=1):
        await settled(0)
    assert await states() == {"accepted": 2, "failed": 1}
    assert len(sink.got) == 2


async def test_P7_a_receipt_overtakes_a_mailing() -> None:
    await plan(1_500, Lane.mass, kind="mailing")
    async with running(Sink(delay=0.02)) as sink, sending(sink):
        async with asyncio.timeout(60):
            while len(sink.got) < 300:
                await asyncio.sleep(0.01)
        before = len(sink.got)
        await plan(1, Lane.urgent, kind="return_link", ref_id=9)
        receipt = await db.fetchval(
            "select message_id::text from message m join origin o on o.id = origin_id where lane = 0"
        )
        async with asyncio.timeout(60):
            while receipt not in sink.ids:
                await asyncio.sleep(0.01)
        assert len(sink.got) - before < 300
        await db.execute("update origin set gate = 'paused'")


async def test_few_connections_when_there_is_little_to_do() -> None:
    await factories.organisation()
    async with running(Sink()) as sink, sending(sink):
        await plan(3)
        await settled(0)
        assert sink.most == 1


# ------------------------------------------------------------------------------------------------ lies and silence
async def test_a_server_that_loses_pipelined_commands_gets_them_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PATIENCE", 0.5)
    await plan(30)
    async with running(Sink(gulps=True)) as sink, sending(sink) as engine:
        await settled(0)
        assert engine.shift and engine.shift.dispatcher.watch.doubted == {"pipelining"}
    assert await states() == {"accepted": 30}
    assert set(sink.ids.values()) == {1}
    assert await db.fetchval("select max(attempts) from message") == 0


async def test_a_server_that_offers_pipelining_and_calls_it_out_of_order_gets_one_command_at_a_time() -> None:
    await plan(30)
    before = [b""]

    def strict(step: str, line: bytes) -> bytes | None:
        together, before[0] = before[0] == b"mail" and len(seen) == 0, step.encode()
        if step == "rcpt" and together:
            seen.append(step)
            return b"503 5.5.1 Commands out of order"
        return None

    seen = list[str]()
    async with running(Sink(answer=strict)) as sink, sending(sink):
        await settled(0)
    assert await states() == {"accepted": 30}
    assert set(sink.ids.values()) == {1}


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("mail", b"555 5.5.4 Unsupported option: BODY=8BITMIME"),
        ("mail", b"501 5.5.4 Syntax error in parameters"),
        ("dot", b"554 5.6.3 8-bit data not accepted"),
        ("dot", b"554 5.6.1 8-bit body not allowed"),
    ],
)
async def test_a_server_that_offers_8BITMIME_and_refuses_it_gets_seven_bits(step: str, reply: bytes) -> None:
    await plan(30)

    def seven(at: str, line: bytes) -> bytes | None:
        eight = b"BODY=8BITMIME" in line if step == "mail" else not line.isascii()
        return reply if at == step and eight else None

    async with running(Sink(answer=seven)) as sink, sending(sink):
        await settled(0)
    assert await states() == {"accepted": 30}
    assert all(letter.raw.isascii() for letter in sink.got)
    assert set(sink.ids.values()) == {1}
    assert not await db.fetchval("select paused from sender")
    assert (await queries.totals()).balanced


async def test_a_parameter_that_is_refused_again_and_again_pauses_the_sender() -> None:
    await plan(5)
    never = Sink(answer=lambda step, line: b"501 5.1.7 Bad sender address" if step == "mail" else None)
    async with running(never) as sink, sending(sink):
        await until(sender_paused)
    assert await states() == {"queued": 5}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("step", ["banner", "ehlo", "mail", "rcpt", "data", "dot"])
async def test_P1_a_server_that_falls_silent_at_any_stage(
    step: str, pipelining: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("banner", "hello", "mail", "rcpt", "data", "dot"):
        monkeypatch.setitem(smtp.TIMEOUTS, name, 0.6)
    await plan(40)
    silent = sometimes(step, HANGS, every=2 if step in ("banner", "ehlo") else 15)
    async with running(Sink(offer=ALL if pipelining else (), answer=silent)) as sink, sending(sink, size=4) as engine:
        async with asyncio.timeout(60):
            while (await states()).get("queued", 0):
                engine.wake()
                await asyncio.sleep(0.05)
    counted = await states()
    assert sum(counted.values()) == 40 and set(counted) <= {"accepted", "uncertain"}
    assert (counted.get("uncertain", 0) > 0) == (step == "dot")
    assert set(sink.ids.values()) == {1}


async def test_replies_that_never_end_or_belong_to_nothing_end_the_connection_only() -> None:
    await plan(30)
    odd = iter(
        [
            b"250-" + b"x" * 70_000,
            b"250 2.1.0 Ok\r\n250 one too many",
            b"99 what\r\n",
            b"250-never\r\n250-ends",
            b"\xff",
        ]
    )

    def talk(step: str, line: bytes) -> bytes | None:
        count[0] += step == "rcpt"
        return next(odd, None) if step == "rcpt" and count[0] % 5 == 0 else None

    count = [0]
    async with running(Sink(answer=talk)) as sink, sending(sink, size=2):
        await until(lambda: arrived(sink, 24), 20)
    assert set(sink.ids.values()) == {1}
    assert (await queries.totals()).balanced


async def arrived(sink: Sink, count: int) -> bool:
    """Whether so many letters came."""
    return len(sink.got) >= count


# ------------------------------------------------------------------------------------------------ XOAUTH2
def mailbox(endpoint: str) -> dict[str, object]:
    """A route that signs in with tokens from this endpoint."""
    return {"user": "office", "auth": "xoauth2", "oauth": OAuth(endpoint, "client", "s3cret", "refresh-1")}


async def test_signing_in_with_an_access_token() -> None:
    await plan(3)
    async with (
        endpoint(b'{"access_token": "t1", "expires_in": 3599}') as asked,
        running(Sink(bearer="t1")) as sink,
        sending(sink, **mailbox(asked.url)),
    ):
        await settled(0)
    assert await states() == {"accepted": 3}
    assert asked.forms == [
        {
            "grant_type": ["refresh_token"],
            "client_id": ["client"],
            "client_secret": ["s3cret"],
            "refresh_token": ["refresh-1"],
        }
    ]


async def test_a_token_that_is_refused_is_asked_for_anew_once() -> None:
    await plan(3)
    async with (
        endpoint(b'{"access_token": "old"}', b'{"access_token": "new"}') as asked,
        running(Sink(bearer="new")) as sink,
        sending(sink, **mailbox(asked.url)),
    ):
        await settled(0)
    assert await states() == {"accepted": 3}
    assert len(asked.forms) == 2
    said = [line for line in sink.commands if line.startswith(b"AUTH") or not line]
    assert [bool(line) for line in said] == [True, False, True]  # the error is answered with an empty line


async def test_tokens_that_are_refused_pause_the_sender() -> None:
    await plan(3)
    async with (
        endpoint(b'{"access_token": "wrong"}') as asked,
        running(Sink(bearer="right")) as sink,
        sending(sink, **mailbox(asked.url)),
    ):
        await until(sender_paused)
    assert (await states(), sink.got, len(asked.forms)) == ({"queued": 3}, [], 2)
    reason = await db.fetchval("select details->>'reason' from timeline_event where what = 'sender.paused'")
    assert reason == "535 5.7.8 Token not accepted"


async def test_a_consent_that_was_withdrawn_pauses_the_sender_and_says_so() -> None:
    await plan(3)
    refusal = b'{"error": "invalid_grant", "error_description": "Token has been expired or revoked."}'
    async with (
        endpoint(refusal, status=400) as asked,
        running(Sink(bearer="right")) as sink,
        sending(sink, **mailbox(asked.url)),
    ):
        await until(sender_paused)
    reason = await db.fetchval("select details->>'reason' from timeline_event where what = 'sender.paused'")
    assert reason == "no access token: 400 invalid_grant Token has been expired or revoked."


@pytest.mark.parametrize(
    ("status", "answer"),
    [(503, b""), (200, b"<html>"), (200, b"{}"), (200, b"[]"), (302, b""), (200, b'{"access_token": "a\\r\\nb"}')],
)
async def test_a_token_endpoint_in_trouble_costs_no_message(status: int, answer: bytes) -> None:
    await plan(3)
    async with (
        endpoint(answer, status=status) as asked,
        running(Sink(bearer="right")) as sink,
        sending(sink, **mailbox(asked.url)),
    ):
        await until(asked.was_asked)
        await asyncio.sleep(0.2)
    assert (await states(), sink.got) == ({"queued": 3}, [])
    assert not await sender_paused()

"""The bench's own client, sink and letters do what they are measured for."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path

import pytest

from bench import conditions, material, sinks, sources
from bench.portal_side import Sample
from portal.emails.letters import render
from tests.sending.sink import Sink, running

SIZE = 10_000


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """pipelined.c, compiled."""
    try:
        return sources.compiled(tmp_path)
    except sources.NotHere as why:
        pytest.skip(str(why))


async def pipelined(client: Path, port: int, connections: int, messages: int) -> subprocess.CompletedProcess[str]:
    words = [client, *map(str, (port, connections, messages, SIZE))]
    return await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize(("connections", "messages"), [(1, 3), (10, 200), (5, 2)])
async def test_the_client_in_c_sends_every_letter_once_to_a_recipient_of_its_own(
    client: Path, connections: int, messages: int
) -> None:
    async with running(Sink()) as sink:
        done = await pipelined(client, sink.port, connections, messages)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(sink.got) == messages
    assert {got.rcpt for got in sink.got} == {f"RCPT TO:<user{n}@bench.example>" for n in range(messages)}
    assert {len(got.raw) for got in sink.got} == {SIZE}
    assert max(map(len, sink.got[0].raw.split(b"\r\n"))) <= 78
    assert sink.connections == connections
    assert sink.commands.count(b"QUIT") == connections


async def test_the_client_in_c_ends_at_a_refusal(client: Path) -> None:
    def refuse(step: str, line: bytes) -> bytes | None:
        return b"451 4.3.0 later" if step == "dot" else None

    async with running(Sink(answer=refuse)) as sink:
        done = await pipelined(client, sink.port, 2, 10)
    assert done.returncode == 1
    assert "451 4.3.0 later" in done.stderr
    assert sink.got == []


async def test_our_sink_keeps_letters_and_tells_when_probes_arrive(client: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with sinks.own(tmp_path, "--keep", kept) as sink:
        assert sink.process.stdout
        done = await pipelined(client, sink.port, 3, 20)
        assert done.returncode == 0
        sample = Sample(kept)
        assert sample.row() == {"letters": 20, "bytes": SIZE, "signed": 0}
        before = time.monotonic()
        _reader, writer = await asyncio.open_connection("127.0.0.1", sink.port)
        writer.write(
            b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<probe7@b.example>\r\nDATA\r\n..\r\nx\r\n.\r\nQUIT\r\n"
        )
        number, at = (await asyncio.to_thread(sink.process.stdout.readline)).split()
        writer.close()
    assert int(number) == 7
    assert before <= float(at) <= time.monotonic()
    assert [path.read_bytes() for path in kept.iterdir()] == [b"..\r\nx\r\n"]


def test_smtp_source_is_asked_for_letters_of_the_same_size(tmp_path: Path) -> None:
    if not sinks.program("smtp-source"):
        pytest.skip("smtp-source is not installed")
    kept = tmp_path / "kept"
    kept.mkdir()
    with sinks.own(tmp_path, "--keep", kept) as sink:
        sources.one_letter(sink.port, 1_000, tmp_path)
        head = Sample(kept).bytes - 1_000
        sources.one_letter(sink.port, SIZE - head, tmp_path)
        assert Sample(kept).bytes == SIZE


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("sign verify sign/s verify/s", "rsa 2048 bits 0.000244s 0.000014s 4103.2 69178.1"),
        (
            "sign verify encrypt decrypt sign/s verify/s encr./s decr./s",
            "rsa 2048 bits 0.000244s 0.000014s 0.000015s 0.000246s 4103.2 69178.1 65000.0 4050.0",
        ),
    ],
)
def test_openssl_says_how_many_signatures_a_second(head: str, row: str) -> None:
    assert sources.signed_a_second(f"version: 3\n   {head}\n{row}\n") == 4103.2
    with pytest.raises(RuntimeError, match="nothing about signatures"):
        sources.signed_a_second("speed: unknown option\n")


# ------------------------------------------------------------------------------------------------ the letters
@pytest.mark.parametrize("locale", material.LOCALES)
def test_conditions_are_decided_differently_for_neighbours(locale: str) -> None:
    variant = conditions.variants()[locale]
    assert variant.body.count("{% if") == 5
    first = material.LOCALES.index(locale)
    made = [render(variant, conditions.values(n), material.BRAND, locale) for n in range(first, first + 16, 4)]
    plain = render(material.variants()[locale], material.values(first), material.BRAND, locale)
    assert made[0].subject == plain.subject
    assert ["Łódź" in each.text for each in made] == [False, True, False, True]
    assert ["/2026:" in each.text for each in made] == [False, False, True, True]
    assert not any("{%" in each.html or "{{" in each.html for each in made)


def test_a_letter_counts_as_signed_by_its_first_header(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(b"DKIM-Signature: v=1\r\nSubject: a\r\n\r\nb\r\n")
    (tmp_path / "2.eml").write_bytes(b"Subject: a\r\n\r\nDKIM-Signature: v=1\r\n")
    assert Sample(tmp_path).row() == {"letters": 2, "bytes": 36, "signed": 1}
    assert list(tmp_path.iterdir()) == []

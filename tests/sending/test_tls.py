"""TLS: required where it is set, never skipped, and only with a certificate that verifies."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.commands.doctor import sign_in
from portal.commands.findings import ToDo
from portal.sending.connection import Feed
from portal.sending.handshake import RouteDown, open_connection
from portal.smtp_url import SmtpUrl, Tls
from tests.sending.helpers import plan, sending, settled, states
from tests.sending.sink import Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")


def certificate_for(name: x509.GeneralName, folder: Path, *, days: int = 1) -> Path:
    """A certificate that signs itself, valid until so many days from now, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "sink.pem"
    path.write_bytes(pem)
    return path


HERE = x509.IPAddress(ip_address("127.0.0.1"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself."""
    return certificate_for(HERE, tmp_path_factory.mktemp("tls"))


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_starttls_then_login_then_letters(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    await plan(3)
    sink = Sink(tls=server_side(certificate), login=("office", "secret"))
    async with running(sink), sending(sink, tls="starttls", user="office", password="secret"):
        await settled(0)
    assert await states() == {"accepted": 3}
    assert [line.split()[0] for line in sink.commands[:4]] == [b"EHLO", b"STARTTLS", b"EHLO", b"AUTH"]


async def test_a_certificate_that_does_not_verify_gets_no_letter(certificate: Path) -> None:
    await plan(3)
    sink = Sink(tls=server_side(certificate))
    async with running(sink), sending(sink, tls="starttls"):
        with pytest.raises(TimeoutError):
            await settled(0, 1)
    assert await states() == {"queued": 3}
    assert not any(line.startswith(b"MAIL") for line in sink.commands)


async def test_a_server_that_hides_starttls_gets_no_letter() -> None:
    await plan(3)
    async with running(Sink()) as sink, sending(sink, tls="starttls"):
        with pytest.raises(TimeoutError):
            await settled(0, 1)
    assert await states() == {"queued": 3}
    assert not any(line.startswith(b"MAIL") for line in sink.commands)


async def test_text_injected_before_tls_is_not_believed(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    await plan(1)

    sink = Sink(tls=server_side(certificate), injected=b"250 injected\r\n")
    async with running(sink), sending(sink, tls="starttls"):
        with pytest.raises(TimeoutError):
            await settled(0, 1)
    assert await states() == {"queued": 1}


async def test_smtps_is_encrypted_from_the_start(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    await plan(3)
    sink = Sink(smtps=server_side(certificate), login=("office", "secret"))
    async with running(sink), sending(sink, tls="tls", user="office", password="secret"):
        await settled(0)
    assert await states() == {"accepted": 3}


class Nobody:
    """A feed that is asked for nothing: the connection does not come about."""


@pytest.mark.parametrize(
    ("name", "days", "known", "words"),
    [
        (HERE, 1, False, "the certificate of 127.0.0.1 is signed by itself: have it signed, or let this machine know"),
        (HERE, -1, True, "the certificate of 127.0.0.1 has expired: its administrator has to renew it"),
        (x509.DNSName("mail.example"), 1, True, "the certificate of 127.0.0.1 is for another address: use the name"),
    ],
    ids=["unknown issuer", "expired", "wrong name"],
)
@pytest.mark.parametrize("tls", ["tls", "starttls"])
async def test_a_certificate_that_is_not_believed_is_explained(
    *,
    name: x509.GeneralName,
    days: int,
    known: bool,
    words: str,
    tls: Tls,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = certificate_for(name, tmp_path, days=days)
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = server_side(path)
    async with running(Sink(smtps=context) if tls == "tls" else Sink(tls=context)) as sink:
        route = SmtpUrl("127.0.0.1", sink.port, tls=tls)
        with pytest.raises(RouteDown) as down:
            await open_connection(route, cast(Feed, Nobody()))
        with pytest.raises(ToDo) as to_do:
            await asyncio.to_thread(sign_in, route)
    assert str(down.value).startswith(words)
    assert f"127.0.0.1:{sink.port} cannot be used: {words}" in str(to_do.value)

"""TLS: required where it is set, never skipped, and only with a certificate that verifies."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.sending.helpers import plan, sending, settled, states
from tests.sending.sink import Sink, running

pytestmark = pytest.mark.usefixtures("fresh_database")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "sink.pem"
    path.write_bytes(pem)
    return path


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

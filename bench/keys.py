"""Signing domains of the bench: one that signs with ed25519, one with RSA-2048."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal import db, sealed
from portal.sending.dkim import PURPOSE


def private_key(algorithm: str) -> bytes:
    """A new private key, PKCS 8, DER."""
    made = rsa.generate_private_key(65_537, 2048) if algorithm == "rsa" else ed25519.Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


async def sign_for(domain: str, algorithm: str) -> None:
    """Letters of this domain are signed from now on. Nobody looks for the key in DNS here, so none is published."""
    await db.execute(
        "insert into dkim_key (domain, selector, algorithm, public_key, secret, state) "
        "values ($1, 'bench', $2, '', $3, 'active')",
        *(domain, algorithm, sealed.seal(private_key(algorithm), PURPOSE)),
    )

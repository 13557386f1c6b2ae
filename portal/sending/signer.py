"""A process that signs for the sender: digests in, signatures out, over the socket that is its standard input.

It runs by its path and imports nothing of ours, so it starts in 0.1 s and knows nothing but the keys it is given. It
ends when the socket does, that is with the sender at the latest.

In:  number (4 octets), key (4), length (4), then a private key in PKCS 8 (number 0) or a SHA-256 digest.
Out: number (4), length (4), signature; once, at the beginning, number 0 without one: ready.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

ASKED = struct.Struct("!III")
ANSWERED = struct.Struct("!II")
AT_ONCE = 8  # signatures in one write: fewer wake the sender too often, more let it wait
READ = 65_536  # octets
NICE = 5  # the sender goes first: it keeps everybody busy
PADDING, HASHED = PKCS1v15(), Prehashed(SHA256())


def signing_with(private: bytes) -> Callable[[bytes], bytes]:
    """A function that signs a SHA-256 digest: RSA as RFC 8301 has it, ed25519 as RFC 8463 3 does."""
    key = load_der_private_key(private, None)
    if isinstance(key, RSAPrivateKey):
        return lambda digest: key.sign(digest, PADDING, HASHED)
    assert isinstance(key, Ed25519PrivateKey)
    return key.sign


def serve(connection: socket.socket) -> None:
    """Answer until the other side is gone."""
    keys: dict[int, Callable[[bytes], bytes]] = {}
    waiting = b""
    connection.sendall(ANSWERED.pack(0, 0))
    while received := connection.recv(READ):
        waiting += received
        answers: list[bytes] = []
        at = 0
        while len(waiting) - at >= ASKED.size:
            number, key, length = ASKED.unpack_from(waiting, at)
            if len(waiting) - at < ASKED.size + length:
                break
            content = waiting[at + ASKED.size : at + ASKED.size + length]
            at += ASKED.size + length
            if number == 0:
                keys[key] = signing_with(content)
                continue
            signature = keys[key](content)
            answers.append(ANSWERED.pack(number, len(signature)) + signature)
            if len(answers) >= AT_ONCE:
                connection.sendall(b"".join(answers))
                answers.clear()
        waiting = waiting[at:]
        connection.sendall(b"".join(answers))


def main() -> None:
    """Ctrl-C is for the sender, which then hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    with contextlib.suppress(ConnectionError):
        serve(socket.socket(fileno=0))


if __name__ == "__main__":
    main()

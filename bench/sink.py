"""The least that can be called a mail server: it pipelines, accepts everything, and can tell what arrived and when.

    python -m bench.sink [--port 2525] [--keep FOLDER]

Prints its port, then for each letter to a recipient `probe<n>@...` one line: n and the time of its final dot (of
CLOCK_MONOTONIC, in seconds, which all processes of a machine share). `--keep` writes every letter into a file.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

OFFER = b"250-sink\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n"
PROBE = re.compile(rb"RCPT TO:<probe(\d+)@", re.IGNORECASE)
END, AT_ONCE = b"\r\n.\r\n", b".\r\n"


class Session(asyncio.Protocol):
    """One client. Commands are answered in order, also when several come in one packet."""

    keep: Path | None = None
    numbers = itertools.count(1)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport, self.buffer = cast(asyncio.Transport, transport), b""
        self.in_letter, self.looked, self.probe = False, 0, b""
        self.transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer whatever is complete."""
        self.buffer = self.buffer + data if self.buffer else data
        said = []
        while reply := self.letter() if self.in_letter else self.command():
            said.append(reply)
        if said:
            self.transport.write(b"".join(said))

    def command(self) -> bytes:
        """The reply to the next line, or nothing."""
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return b""
        self.buffer = rest
        match line[:4].upper():
            case b"EHLO":
                return OFFER
            case b"RCPT":
                match = PROBE.match(line)
                self.probe = match[1] if match else b""
            case b"DATA":
                self.in_letter, self.looked = True, 0
                return b"354 End data with <CR><LF>.<CR><LF>\r\n"
            case b"QUIT":
                asyncio.get_running_loop().call_soon(self.transport.close)
                return b"221 2.0.0 Bye\r\n"
        return b"250 2.0.0 Ok\r\n"

    def letter(self) -> bytes:
        """The reply to the final dot, when it has come."""
        if self.buffer.startswith(AT_ONCE):
            end, after = 0, len(AT_ONCE)
        else:
            end = self.buffer.find(END, self.looked)
            after = end + len(END)
            end += 2
        if after < len(END) and not self.buffer.startswith(AT_ONCE):
            self.looked = max(0, len(self.buffer) - len(END))
            return b""
        self.arrived(self.buffer[:end])
        self.buffer, self.in_letter = self.buffer[after:], False
        return b"250 2.0.0 Ok: queued\r\n"

    def arrived(self, letter: bytes) -> None:
        """Tell of a probe, keep a letter."""
        if self.probe:
            sys.stdout.write(f"{self.probe.decode()} {time.monotonic():.6f}\n")
            sys.stdout.flush()
        if self.keep:
            (self.keep / f"{next(self.numbers):06}.eml").write_bytes(letter)


async def serve(port: int) -> None:
    """On this port, or a free one, which is printed."""
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("--port", type=int, default=0)
    words.add_argument("--keep", type=Path)
    given = words.parse_args()
    Session.keep = given.keep
    uvloop.run(serve(given.port))

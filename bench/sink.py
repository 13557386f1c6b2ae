"""The least that can be called a mail server: it pipelines, accepts everything and keeps nothing."""

from __future__ import annotations

import asyncio

GREETING = b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"


class Session(asyncio.Protocol):
    """One client."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer, self.in_data = b"", False
        transport.write(b"220 sink\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        said = []
        while reply := self.step():
            said.append(reply)
        if said:
            self.transport.write(b"".join(said))  # type: ignore[attr-defined]

    def step(self) -> bytes:
        """The reply to what is complete, or nothing."""
        end = b"\r\n.\r\n" if self.in_data else b"\r\n"
        found = self.buffer.find(end)
        if found < 0:
            return b""
        line, self.buffer = self.buffer[: found if not self.in_data else 0], self.buffer[found + len(end) :]
        if self.in_data:
            self.in_data = False
            return b"250 2.0.0 Ok: queued\r\n"
        self.in_data = line[:4].upper() == b"DATA"
        return b"354 go on\r\n" if self.in_data else GREETING if line[:4].upper() == b"EHLO" else b"250 Ok\r\n"


async def serve() -> None:
    """On a free port, which is printed."""
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

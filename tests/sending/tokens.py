"""A token endpoint on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs


@dataclass
class Endpoint:
    """Gives these answers in turn, the last one for ever. `forms`: what it was asked."""

    answers: tuple[bytes, ...]
    status: int
    url: str = ""
    forms: list[dict[str, list[str]]] = field(default_factory=list)

    async def was_asked(self) -> bool:
        return bool(self.forms)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        body = await reader.readexactly(length)
        answer = self.answers[min(len(self.forms), len(self.answers) - 1)]
        self.forms.append(parse_qs(body.decode()))
        where = b"Location: http://127.0.0.1:9/elsewhere\r\n" if self.status == 302 else b""
        writer.write(
            b"HTTP/1.1 %d Said\r\n%bContent-Length: %d\r\nConnection: close\r\n\r\n%b"
            % (self.status, where, len(answer), answer)
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def endpoint(*answers: bytes, status: int = 200) -> AsyncIterator[Endpoint]:
    """The endpoint for the length of the block."""
    made = Endpoint(answers, status)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/token"
    async with server:
        yield made

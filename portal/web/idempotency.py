"""`Idempotency-Key` on a POST of the API: asked twice, done once, answered the same.

The key, the work and the answer are one transaction. A second request with the same key waits at the unique index
until the first has committed, then gets its answer; after a crash nothing is left and the client may ask again.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

import msgspec
from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from portal import db
from portal.web.session import visitor

HEADER = b"idempotency-key"
LONGEST_KEY = 200
REPLAYED = (b"idempotency-replayed", b"true")

TAKE = "insert into idempotency (account_id, key, request) values ($1, $2, $3) on conflict do nothing"
LOOK = "select request, status, body from idempotency where account_id = $1 and key = $2"
KEEP = "update idempotency set status = $3, body = $4 where account_id = $1 and key = $2"


class GiveBack(Exception):
    """The request was refused or failed: its key is free again. Carries the answer past the rollback."""


class Idempotency(ASGIMiddleware):
    """Wraps the API's routes. Requests without the header pass through untouched."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer from the table, or do the work and keep its answer in the same transaction."""
        key = dict(scope["headers"]).get(HEADER, b"").decode("latin-1")
        actor = visitor(Request(scope))
        if not key or scope.get("method") != "POST" or actor is None:
            return await next_app(scope, receive, send)
        if len(key) > LONGEST_KEY:
            return await _answer(send, 400, _problem(400, f"Idempotency-Key is longer than {LONGEST_KEY} characters"))
        await self._once(scope, receive, send, next_app, (actor.account_id or 0, key))

    async def _once(
        self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp, owner: tuple[int, str]
    ) -> None:
        body = await Request(scope, receive).body()
        print_of = hashlib.sha256(b"\0".join([scope["path"].encode(), body])).digest()
        answer = Answer()
        try:
            async with db.transaction():
                if not await db.execute(TAKE, *owner, print_of):
                    return await _replay(send, print_of, await db.fetchrow(LOOK, *owner))
                await next_app(scope, _again(body), answer.take)
                if answer.status >= 400:
                    raise GiveBack
                await db.execute(KEEP, *owner, answer.status, answer.body)
        except GiveBack:
            pass
        await answer.give(send)


class Answer:
    """What the handler said, held back until its transaction has committed."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        """Stands in for ASGI's send."""
        self.messages.append(message)

    async def give(self, send: Send) -> None:
        """Say it now."""
        for message in self.messages:
            await send(message)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return next(int(message["status"]) for message in self.messages if message["type"] == "http.response.start")

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(cast(Any, message).get("body", b"") for message in self.messages)


async def _replay(send: Send, print_of: bytes, kept: Any) -> None:
    if kept is None or kept["request"] != print_of:
        return await _answer(send, 422, _problem(422, "This Idempotency-Key was used for another request"))
    await _answer(send, kept["status"], kept["body"], REPLAYED)


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    kind = b"application/problem+json" if status >= 400 else b"application/json"
    start = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _problem(status: int, detail: str) -> bytes:
    return msgspec.json.encode({"status": status, "detail": detail})


def _again(body: bytes) -> Receive:
    """The body once more, for the handler."""

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive

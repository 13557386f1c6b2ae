"""The register of messages: the list with its proof, and each message with its letter and what can be done."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath

from portal.i18n import text_in
from portal.ledger import actions as ledger
from portal.ledger import queries as register
from portal.ledger import totals as proof
from portal.ledger.queries import LATEST, MessagePage
from portal.ledger.totals import Totals
from portal.ledger.words import lane_word, reason_word, state_tone, state_word
from portal.mailbox.reading import Read, read
from portal.messages import attempts, decisions, forms, queries, sentences
from portal.messages.sentences import Verb
from portal.outcomes import Missing, Stale
from portal.sending.dispatcher import Unsendable
from portal.sending.queries import letter_of
from portal.web.htmx import Request
from portal.web.lists import asked
from portal.web.pages import letter, page, see
from portal.web.rights import needs

HERE = forms.HERE
SEE, ACT = needs("message.see"), needs("message.act")
PLAIN = "text/plain"
WORDS: dict[str, Any] = {"state_word": state_word, "state_tone": state_tone, "reason_word": reason_word}


class Letter(msgspec.Struct, frozen=True):
    """The very letter: as read from its own bytes, or why there is none."""

    read: Read | None = None
    missing: str = ""


# ------------------------------------------------------------------------------------------------ the list
@get("/", opt=SEE)
async def messages(request: Request) -> Response[Any]:
    """All messages that the reader may see, the latest first."""
    filters = forms.read(request)
    found = await register.search(request.user, filters.wanted, asked(request, LATEST))
    titles = {number: text_in(title) for number, title in await queries.campaigns(request.user)}
    return page(
        request,
        "messages/list.html",
        found=found,
        filters=filters,
        chips=forms.active(filters, titles),
        campaigns=list(titles.items()),
        states=forms.states(),
        reasons=forms.reasons(filters.wanted.state),
        periods=forms.periods(),
        attention=await queries.attention(request.user),
        waiting=await queries.decisions(request.user),
        **_proof(await proof.kept()),
        **WORDS,
    )


@get("/check", opt=SEE)
async def check(request: Request) -> Response[Any]:
    """The proof alone, counted now from all rows."""
    return page(request, "messages/check.html", **_proof(await proof.recount()), **WORDS)


def _proof(totals: Totals) -> dict[str, Any]:
    return {"totals": totals, "proof": sentences.proof(totals), "terms": sentences.terms(totals)}


# ------------------------------------------------------------------------------------------------ one message
@get("/{message_id:int}", opt=SEE)
async def one(request: Request, message_id: FromPath[int]) -> Response[Any]:
    """A message: to whom, why, what became of it, the very letter."""
    return await _page(request, await register.one(request.user, message_id))


@get("/{message_id:int}/letter", opt=SEE)
async def letter_html(request: Request, message_id: FromPath[int]) -> Response[str]:
    """The html part, for a sandboxed frame."""
    await register.one(request.user, message_id)
    made = await _letter(message_id)
    if made.read is None or made.read.html is None:
        raise Missing
    return letter(made.read.html)


@get("/{message_id:int}/raw", opt=SEE)
async def raw(request: Request, message_id: FromPath[int]) -> Response[str]:
    """The letter's bytes, readable as text."""
    await register.one(request.user, message_id)
    try:
        octets = await _octets(message_id)
    except Unsendable:
        raise Missing from None
    return Response(octets.decode("utf-8", "replace"), media_type=PLAIN)


@get("/{message_id:int}/{verb:str}", opt=ACT)
async def ask(request: Request, message_id: FromPath[int], verb: FromPath[str]) -> Response[Any]:
    """Ask before something is done to a message."""
    message = await register.one(request.user, message_id)
    wanted = _verb(verb)
    if wanted not in sentences.possible(message):
        return await _page(request, message, status_code=409)
    question = sentences.question(wanted, message, stopped=await queries.is_stopped(message_id))
    return page(request, "messages/ask.html", message=message, verb=wanted, question=question)


@post("/{message_id:int}/{verb:str}", opt=ACT, status_code=303)
async def act(request: Request, message_id: FromPath[int], verb: FromPath[str]) -> Response[Any]:
    """Do it. When the message has moved on meanwhile, nothing is done, and its page says what it is now."""
    wanted = _verb(verb)
    try:
        await _do(wanted, message_id, request)
    except Stale:
        return await _page(request, await register.one(request.user, message_id), status_code=409)
    return see(request, f"{HERE}/{message_id}", sentences.done(wanted))


async def _do(verb: Verb, message_id: int, request: Request) -> None:
    match verb:
        case "release":
            await ledger.release(message_id, request.user)
        case "cancel":
            await ledger.cancel(message_id, request.user)
        case "retry":
            await ledger.retry(message_id, request.user)
        case "resend" | "leave":
            await ledger.settle_by_hand(message_id, request.user, verb)


def _verb(text: str) -> Verb:
    for verb in get_args(Verb):
        if verb == text:
            return verb  # type: ignore[no-any-return]
    raise Missing


async def _page(request: Request, message: MessagePage, status_code: int = 200) -> Response[Any]:
    origin = await queries.origin(message.id)
    return page(
        request,
        "messages/message.html",
        status_code=status_code,
        message=message,
        too_late=status_code == 409,
        origin=origin,
        why=sentences.why(origin),
        explanation=sentences.explanation(message),
        verbs=sentences.possible(message) if request.user.may("message.act") else [],
        undecided=sentences.undecided(message),
        letter=await _letter(message.id),
        history=[(event, *sentences.event_sentence(event)) for event in await queries.history(message.id)],
        verb_word=sentences.word,
        attempt_word=attempts.attempt_word,
        server_said=attempts.server_said,
        attempt_tones=attempts.ATTEMPT_TONES,
        lane_word=lane_word,
        **WORDS,
    )


async def _letter(message_id: int) -> Letter:
    try:
        return Letter(read(await _octets(message_id)))
    except Missing:
        return Letter()
    except Unsendable as why:
        return Letter(missing=reason_word(why.reason))


async def _octets(message_id: int) -> bytes:
    """The letter's bytes. Raises Missing, or Unsendable as the sender would: also for an address that is none."""
    try:
        return (await letter_of(message_id))[0]
    except ValueError:
        raise Unsendable("invalid_email") from None


routes: list[Any] = [Router(HERE, route_handlers=[messages, check, one, letter_html, raw, ask, act]), *decisions.routes]

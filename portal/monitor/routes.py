"""The page *Sending*: live figures, a chart, the proof."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromQuery

from portal.ledger.words import state_tone, state_word
from portal.messages import queries, sentences
from portal.monitor import words
from portal.monitor.board import board
from portal.monitor.rules import period_of
from portal.web.htmx import Request
from portal.web.pages import page
from portal.web.rights import needs

HERE = "/sending"


@get(HERE, opt=needs("message.see"))
async def sending(request: Request, period: FromQuery[str] = "hour") -> Response[Any]:
    """What leaves now, what waits, who sends; the parts that live ask for themselves again."""
    shown = await board(period_of(period), decisions=await queries.decisions(request.user))
    return page(
        request,
        "monitor/sending.html",
        board=shown,
        words=words,
        totals=shown.totals,
        proof=sentences.proof(shown.totals),
        terms=sentences.terms(shown.totals),
        state_word=state_word,
        state_tone=state_tone,
    )


routes = [sending]

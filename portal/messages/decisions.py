"""Needs a decision: one page with everything that waits for a person, each with its reason and its buttons."""

from __future__ import annotations

from typing import Any, get_args

from litestar import Response, get, post
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath

from portal.ledger import actions as ledger
from portal.ledger import decisions, epoch, resend
from portal.messages import deciding
from portal.messages.deciding import Case, Kind, Verb
from portal.outcomes import Missing, Stale
from portal.triggers import reminders, reminding
from portal.web.fields import Integer
from portal.web.forms import Form
from portal.web.htmx import Request
from portal.web.pages import page, see
from portal.web.rights import needs

HERE = "/messages/decisions"
COUNTED = ("uncertain", "reminders")  # about these somebody may have decided in part, or they have become more
SEE, ACT = needs("message.see"), needs("message.act")


class DecisionForm(Form):
    """How many messages the question was about."""

    announced = Integer()


@get(HERE, opt=SEE)
async def all_decisions(request: Request) -> Response[Any]:
    """Everything that waits for a person, as far as the reader may see it."""
    found = await decisions.all_of(request.user)
    waiting = await decisions.everything() if found.restored else 0
    cases = deciding.cases(found, await reminders.late(request.user), waiting, request.user)
    return page(request, "messages/decisions.html", cases=cases, verb_word=deciding.word)


@get(HERE + "/{kind:str}/{number:int}/{verb:str}", opt=ACT)
async def ask(request: Request, kind: FromPath[str], number: FromPath[int], verb: FromPath[str]) -> Response[Any]:
    """Ask, and say how many messages it is about."""
    case, wanted = await _case(request, kind, number, verb)
    return _question(request, case, wanted)


@post(HERE + "/{kind:str}/{number:int}/{verb:str}", opt=ACT, status_code=303)
async def decide(request: Request, kind: FromPath[str], number: FromPath[int], verb: FromPath[str]) -> Response[Any]:
    """Do it. When the number is another one now, ask again."""
    form = await DecisionForm.read(request)
    case, wanted = await _case(request, kind, number, verb)
    if not form.valid or (case.kind in COUNTED and form.announced != case.count):
        return _question(request, case, wanted, before=form.announced if form.valid else 0, status_code=409)
    try:
        count = await _do(case, wanted, request)
    except Stale:
        raise Missing from None
    return see(request, HERE, deciding.done(wanted, count))


def _question(
    request: Request, case: Case, verb: Verb, *, before: int | None = None, status_code: int = 200
) -> Response[Any]:
    return page(
        request,
        "messages/decide.html",
        status_code=status_code,
        case=case,
        verb=verb,
        before=before,
        question=deciding.question(verb, case),
    )


async def _case(request: Request, kind: str, number: int, verb: str) -> tuple[Case, Verb]:
    """What is to be decided. Raises Missing when it waits no more, or when this cannot be done about it."""
    wanted = next((each for each in get_args(Kind) if each == kind), None)
    found = [case for case in await _cases(request, wanted, number) if case.kind == kind and case.id == number]
    if not found:
        raise Missing
    if not deciding.may(request.user, found[0].kind):
        raise PermissionDeniedException("an administrator decides")
    chosen: list[Verb] = [each for each in found[0].verbs if each == verb]
    if not chosen:
        raise Missing
    return found[0], chosen[0]


async def _cases(request: Request, kind: Kind | None, number: int) -> list[Case]:
    """The cases of one kind and id: none or one."""
    if kind == "restored" and (held := await epoch.held()):
        return [deciding.restored(held, await decisions.everything())]
    if kind == "senders":
        return [deciding.of_sender(each) for each in await decisions.senders(number)]
    if kind == "origins":
        return [deciding.of_origin(each) for each in await decisions.origins(request.user, number)]
    if kind == "reminders":
        return [deciding.of_reminder(each) for each in await reminders.late(request.user, number)]
    if kind == "uncertain":
        return [deciding.of_uncertain(each) for each in await decisions.uncertain(request.user, number)]
    return []


async def _do(case: Case, verb: Verb, request: Request) -> int:
    """-> how many messages it was about."""
    by = request.user
    match case.kind, verb:
        case "restored", _:
            await epoch.confirm(by)
        case "senders", _:
            await ledger.resume_sender(case.id, by)
        case "origins", "resume":
            await ledger.resume_origin(case.id, by)
        case "origins", _:
            await ledger.cancel_origin(case.id, by)
        case "reminders", _:
            await reminding.decide(case.id, "send" if verb == "send" else "skip", by)
        case _:
            ids = await decisions.uncertain_ids(by, case.id, resend.AT_ONCE)
            return await (resend.again(ids, "by_hand", by) if verb == "resend" else resend.leave(ids, by))
    return case.count


routes: list[Any] = [all_decisions, ask, decide]

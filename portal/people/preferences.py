"""/u/{token}: a person says which e-mail she wants, in which language. Without signing in, and at once (Z31).

GET and HEAD change nothing: scanners follow every link of a letter. The POST needs no cookie (RFC 8058): the token is
the proof, so there is nothing a forged request could gain. It never answers a mailbox's one click with a redirect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from portal import i18n, tokens
from portal.actor import candidate
from portal.i18n import LOCALES, autonym
from portal.outcomes import Missing
from portal.people import wishes, words
from portal.people.wishes import Wishes
from portal.web.htmx import Request
from portal.web.limits import limited
from portal.web.pages import page, see
from portal.web.rights import public

BY_HER = candidate("")
LIMIT = limited("opt_out", 1_000)  # a minute: mailboxes of a whole provider click from few addresses


@get("/u/{token:str}", opt=public())
async def show_preferences(request: Request, token: FromPath[str], saved: FromQuery[str] = "") -> Response[str]:
    """What she gets now, and what she can choose. `saved`: she has just chosen."""
    return _page(request, token, await wishes.of(_person_of(token)), saved=bool(saved))


@post("/u/{token:str}", opt=public(), status_code=303, exclude_from_csrf=True, guards=[LIMIT])
async def change_preferences(request: Request, token: FromPath[str]) -> Response[Any]:
    """A form of the page, or one click in her mailbox, which opts out."""
    person_id, form = _person_of(token), await request.form()
    hers = await wishes.of(person_id)
    wish = form.get("wish")
    if wish is None:
        await wishes.opt_out(person_id, BY_HER, "one_click", words.opt_out_wording())
        answer = _page(request, token, await wishes.of(person_id))
        answer.status_code = 200
        return answer
    with i18n.use(_locale(request, hers)):
        await _grant(person_id, str(wish), form, _agreement(request, hers))
    return see(request, f"/u/{token}?saved=1" if wish == "choose" else f"/u/{token}")


async def _grant(person_id: int, wish: str, form: Mapping[str, Any], wording: str) -> None:
    """What a button of the page stands for. Nothing for one that no page has."""
    match wish:
        case "opt_out":
            await wishes.opt_out(person_id, BY_HER, "preferences", words.opt_out_wording())
        case "opt_in":
            await wishes.opt_in(person_id, BY_HER, wording)
        case "break":
            await wishes.take_a_break(person_id, BY_HER)
        case "choose":
            offered, wanted = _ids(form, "offered"), _ids(form, "topic")
            if offered:
                await wishes.choose_topics(person_id, BY_HER, {each: each in wanted for each in offered})
            if form.get("locale") in LOCALES:
                await wishes.speak(person_id, str(form["locale"]), BY_HER)


def _ids(form: Mapping[str, Any], name: str) -> set[int]:
    """Ids of kinds of mail; what is none is left out."""
    sent: list[Any] = form.getall(name, [])  # type: ignore[attr-defined]
    return {
        int(each) for each in sent if isinstance(each, str) and each.isascii() and each.isdigit() and len(each) < 10
    }


def _page(request: Request, token: str, hers: Wishes, *, saved: bool = False) -> Response[Any]:
    with i18n.use(_locale(request, hers)):
        return page(
            request,
            "people/preferences.html",
            token=token,
            hers=hers,
            address=_masked(hers.address),
            topics=[each for each in hers.topics if i18n.text_in(each.name)],
            languages_offered=[(each, autonym(each)) for each in LOCALES],
            agreement=_agreement(request, hers),
            saved=saved,
            stop=words.opt_out_wording(),
        )


def _locale(request: Request, hers: Wishes) -> str:
    """The language she has chosen for pages, else the one she reads our letters in."""
    chosen = request.cookies.get(request.app.state.language_cookie)
    return i18n.current_locale.get() if chosen in LOCALES or request.visitor else hers.locale


def _agreement(request: Request, hers: Wishes) -> str:
    """What she agrees to by coming back; "" where nothing was taken back."""
    organisation = str((request.scope["state"].get("organisation") or request.app.state.house).name)
    if hers.block("complaint"):
        return words.come_back_wording(organisation)
    return words.opt_in_wording(organisation) if hers.block("opted_out") else ""


def _masked(address: str) -> str:
    """`a••••@example.org`: she knows which it is; whoever finds the link does not learn it."""
    local, at, host = address.rpartition("@")
    return f"{local[:1]}••••{at}{host}" if at else ""


def _person_of(token: str) -> int:
    person_id = tokens.verify("opt_out", token)
    if person_id is None:
        raise Missing
    return person_id


routes: list[Any] = [show_preferences, change_preferences]

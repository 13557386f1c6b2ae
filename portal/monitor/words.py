"""What the page *Sending* says. Looked up when shown, never at import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from portal.formats import date_table, duration, local, number, time_short
from portal.i18n import _, ngettext, pgettext

if TYPE_CHECKING:
    from portal.monitor.board import Board

PERIODS: dict[str, Callable[[], str]] = {
    "hour": lambda: _("Last hour"),
    "day": lambda: _("24 hours"),
    "week": lambda: _("7 days"),
}
DOING: dict[str, tuple[Callable[[], str], str, bool]] = {  # word, tone, hollow dot
    "sending": (lambda: pgettext("sending process", "Sending"), "ok", False),
    "ready": (lambda: pgettext("sending process", "Ready"), "mute", False),
    "waiting": (lambda: pgettext("sending process", "Waiting for the mail server"), "warn", False),
    "silent": (lambda: pgettext("sending process", "No news for some seconds"), "warn", True),
}


def per_minute(rate: int) -> str:
    """The unit behind a big figure."""
    return ngettext("e-mail a minute", "e-mails a minute", rate)


def time_left(left: timedelta) -> str:
    """How long what waits will take."""
    if left < timedelta(minutes=1):
        return _("less than a minute left at this pace")
    # NOTE: {duration}: e.g. 35 min, 5 h, 3 days
    return _("about {duration} left at this pace").format(duration=duration(left))


def outlook(board: Board) -> list[str]:
    """What waits, and how long that will take; or that nothing does."""
    if not board.waiting:
        return [
            _("The last ones are leaving.") if board.rate else _("Nothing waits: everything that was due has left.")
        ]
    waits = ngettext("{n} e-mail waits", "{n} e-mails wait", board.waiting).format(n=number(board.waiting))
    if board.left is None and not board.overdue:
        return [waits, _("none is due yet")]
    return [waits, time_left(board.left)] if board.left is not None else [waits]


def since(at: datetime, now: datetime) -> str:
    """How long something has been so, from a minute on."""
    return _("under a minute") if now - at < timedelta(minutes=1) else duration(now - at)


def next_try(seconds: float) -> str:
    """When a mail server is asked again."""
    return _("next try in {n} s").format(n=number(round(seconds)))


def held_back(domain: dict[str, Any]) -> str:
    """Why letters to a domain wait."""
    if domain["pause"]:
        # NOTE: {next_try}: "next try in 20 s"
        return _("Puts letters off, {next_try}").format(next_try=next_try(domain["pause"]))
    if domain["per_minute"] and not domain["slow"]:
        return _("Limit: {n} a minute").format(n=number(round(domain["per_minute"])))
    return _("Slow, gets a share of the connections")


def place_in_time(at: datetime, period: str) -> str:
    """A step of a chart: the clock's time, or the day too where there are several."""
    if period != "week":
        return time_short(at)
    return f"{date_table(local(at))}, {time_short(at)}"


def chart(period: str, sent: int, failed: int, uncertain: int) -> str:
    """What the chart says, in a sentence."""
    text = _("E-mails by time ({period}). Sent: {sent}. Not delivered: {failed}. Not confirmed: {uncertain}.")
    counts = {"sent": number(sent), "failed": number(failed), "uncertain": number(uncertain)}
    return text.format(period=PERIODS[period](), **counts)


def clock(at: datetime) -> str:
    """The reader's time to the second."""
    return local(at).strftime("%H:%M:%S")

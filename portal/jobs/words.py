"""What jobs are called. Each feature that has jobs says their words here, when it is imported: `register`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from portal.actor import Actor
from portal.i18n import _, pgettext
from portal.jobs.queries import Job

Words = Callable[[], str]
Place = tuple[str, str]  # words, address


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one kind of job.

    `title(job)`: its name, e.g. "Status of 412 dossiers: Accepted". `reasons`: why items were refused, by word.
    `ended(job)`: the place to go to when it is done, or None. `stopped(job)`: when it failed or was cancelled, where
    that is another. `left_out(job)`: how many of those that it went through it could not use. `names(ids, actor)`:
    what refused items are called and where they are. `said(job)`: what came of it in sentences, when it is done.
    """

    title: Callable[[Job], str]
    reasons: Mapping[str, Words] = {}
    ended: Callable[[Job], Place | None] = lambda _job: None
    stopped: Callable[[Job], Place | None] | None = None
    left_out: Callable[[Job], int] = lambda _job: 0
    names: Callable[[Sequence[int], Actor], Awaitable[dict[int, Place]]] | None = None
    said: Callable[[Job], str] = lambda _job: ""


KINDS: dict[str, Kind] = {}


def register(kind: str, words: Kind) -> None:
    """Say the words of a kind of job."""
    KINDS[kind] = words


def title(job: Job) -> str:
    """The name of a job."""
    return KINDS[job.kind].title(job) if job.kind in KINDS else _("Task {n}").format(n=job.id)


def ended(job: Job) -> Place | None:
    """Where to look at what a finished job made, or at what it was asked for once it stands for good."""
    if job.open or job.kind not in KINDS:
        return None
    kind = KINDS[job.kind]
    return kind.ended(job) if job.state == "done" or kind.stopped is None else kind.stopped(job)


def left_out(job: Job) -> int:
    """How many of those that a job is said to have done it could not use."""
    return KINDS[job.kind].left_out(job) if job.state == "done" and job.kind in KINDS else 0


def said(job: Job) -> str:
    """What came of a job that is done, where its numbers do not say it all."""
    return KINDS[job.kind].said(job) if job.state == "done" and job.kind in KINDS else ""


async def names(job: Job, ids: Sequence[int], actor: Actor) -> dict[int, Place]:
    """What some items are called and where they are; those that the actor may not see are left out."""
    kind = KINDS.get(job.kind)
    return await kind.names(ids, actor) if kind and kind.names else {}


def reason(job: Job, word: str) -> str:
    """Why an item was refused or the whole failed. What is no known word is a sentence already."""
    own = KINDS[job.kind].reasons if job.kind in KINDS else {}
    known = own.get(word) or REASONS.get(word)
    return known() if known else word


REASONS: dict[str, Words] = {
    "changed": lambda: _("Somebody else has changed it meanwhile"),
    "missing": lambda: _("It does not exist any more, or you may not see it"),
    "error": lambda: _("A fault on our side. Nothing was changed; the administrators find it in the log"),
    "account_inactive": lambda: _("The account of whoever asked for it is no longer active"),
}
STATES: dict[str, tuple[Words, str, bool]] = {  # word, tone, hollow dot
    "waiting": (lambda: pgettext("task", "Waiting"), "mute", True),
    "running": (lambda: pgettext("task", "In progress"), "teal", False),
    "paused": (lambda: pgettext("task", "Paused"), "warn", False),
    "done": (lambda: pgettext("task", "Finished"), "ok", False),
    "failed": (lambda: pgettext("task", "Failed"), "bad", False),
    "cancelled": (lambda: pgettext("task", "Cancelled"), "mute", False),
}
VERBS: dict[str, Words] = {
    "pause": lambda: pgettext("button", "Pause"),
    "resume": lambda: pgettext("button", "Resume"),
    "cancel": lambda: pgettext("button", "Cancel the task"),
}
DONE: dict[str, Words] = {
    "pause": lambda: _("The task is paused. What is done stays done."),
    "resume": lambda: _("The task goes on."),
    "cancel": lambda: _("The task is cancelled. What is done stays done."),
}


def state(job: Job) -> dict[str, Any]:
    """The arguments of the macro `ui.status`."""
    word, tone, hollow = STATES[job.state]
    return {"word": word(), "tone": tone, "open": hollow}


def too_late() -> str:
    """For a button of a page that is older than the job's end."""
    return _("The task has ended meanwhile, or cannot be stopped there. Reload the page.")

"""Demonstration data: a foundation, two campaigns, some three hundred dossiers with their history and their mail.

Everything is done by the portal's own verbs, in rounds: all submissions, all first changes of status, all decisions;
after each round its letters are sent, as they would have been in life. Then the history moves into the past, and what
happens "today" is left to the workers, which start right afterwards.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from portal import db
from portal.actor import Actor, candidate
from portal.campaigns import form_queries
from portal.demo import ageing, house, story
from portal.demo.house import House
from portal.demo.post import sending
from portal.demo.story import Move, Tale, Teller
from portal.dossiers import actions as dossiers
from portal.dossiers import queries as dossier_rows
from portal.dossiers.actions import Application
from portal.ledger import actions as ledger

LOGINS = [(one.name, one.email, house.PASSWORD, one.role) for one in house.TEAM]
BEFORE = timedelta(days=70)  # when the foundation set everything up

NEWEST_CHANGE = "select id from status_change where dossier_id = $1 order by id desc limit 1"


async def load() -> None:
    """Make it all; nothing when there is a campaign already. Takes some ten seconds, commits as it goes."""
    if await db.fetchval("select exists (select from campaign)"):
        return
    now = datetime.now(UTC)
    teller = Teller(now)
    tales = story.past(teller)
    async with db.transaction():
        made = await house.build(now)
        writer = await Writer.of(made)
    async with sending() as all_sent:
        async with db.transaction():
            await writer.apply(tales)
        await all_sent()
        for number in range(max(len(tale.moves) for tale in tales)):
            async with db.transaction():
                await writer.move(number)
            await all_sent()
    async with db.transaction():
        await house.finish(made)
        await ageing.age(writer.moments, now - BEFORE)
        await writer.today(story.today(teller))
    await db.execute("analyze")


class Writer:
    """Turns tales into dossiers, and remembers when everything is to have happened."""

    def __init__(self, made: House, fields: dict[str, list[str]]) -> None:
        self.house, self.fields = made, fields
        self.campaigns = {"labs": made.labs, "grants": made.grants}
        self.dossiers: list[tuple[int, Tale]] = []
        self.moments: list[ageing.Moment] = []

    @classmethod
    async def of(cls, made: House) -> Writer:
        """With the keys of the choices, which each campaign made from its own language."""
        fields = {}
        for name, campaign_id in (("labs", made.labs), ("grants", made.grants)):
            questions = await form_queries.questions(campaign_id)
            fields[name] = [
                each["key"] for question in questions if question.key == "field" for each in question.choices
            ]
        return cls(made, fields)

    async def apply(self, tales: list[Tale]) -> None:
        """Everybody starts an application; who does not write a draft submits it."""
        for tale in tales:
            dossier_id = await self.start(tale)
            self.dossiers.append((dossier_id, tale))
            self.moments.append((dossier_id, None, tale.created_at))
            if tale.submitted_at:
                self.moments.append((dossier_id, await db.fetchval(NEWEST_CHANGE, dossier_id), tale.submitted_at))
        await self.opt_out()

    async def start(self, tale: Tale) -> int:
        """One application, by the candidate."""
        answers: dict[str, Any] = tale.answers | {"field": self.fields[tale.campaign][tale.answers["field"]]}
        application = Application(
            email=tale.email,
            first_name=tale.first_name,
            last_name=tale.last_name,
            locale=tale.locale,
            answers=answers,
        )
        by = candidate(f"{tale.first_name} {tale.last_name}")
        return await dossiers.create(
            self.campaigns[tale.campaign], application, by, submitting=tale.submitted_at is not None
        )

    async def opt_out(self) -> None:
        """Somebody under review wants no optional e-mail."""
        waiting = [tale for _id, tale in self.dossiers if tale.campaign == "labs" and tale.moves]
        chosen = waiting[story.OPTED_OUT]
        by = candidate(f"{chosen.first_name} {chosen.last_name}")
        await ledger.suppress(chosen.email, "optional", "opted_out", "preferences", by)

    async def move(self, number: int) -> None:
        """The change of status number so-and-so of each dossier that has one."""
        for dossier_id, tale in self.dossiers:
            if number < len(tale.moves):
                move = tale.moves[number]
                change_id = await self.change(dossier_id, move)
                self.moments.append((dossier_id, change_id, max(move.at, self.moment_before(dossier_id))))

    def moment_before(self, dossier_id: int) -> datetime:
        """An hour after what happened to the dossier before: nothing overtakes anything."""
        return max(at for each, _change, at in self.moments if each == dossier_id) + timedelta(minutes=50)

    async def change(self, dossier_id: int, move: Move) -> int:
        """One change of status, by hand."""
        by: Actor = self.house.people[move.by]
        dossier = await dossier_rows.by_id(dossier_id)
        mode: Any = move.mode
        await dossiers.change_status(dossier_id, move.status, dossier.version, by, mode, move.reason)
        return int(await db.fetchval(NEWEST_CHANGE, dossier_id))

    async def today(self, tales: list[Tale]) -> None:
        """What happens now: submissions, and decisions of which some wait, some are held, one is not sent."""
        for tale in tales:
            await self.start(tale)
        reviewed = [each for each, tale in self.dossiers if tale.campaign == "grants" and _ends_under_review(tale)]
        for dossier_id, (status, mode, reason) in zip(reviewed, story.DECIDED_TODAY, strict=False):
            await self.change(dossier_id, Move(status, teller_now(), story.MANAGERS[1], mode, reason))


def _ends_under_review(tale: Tale) -> bool:
    return bool(tale.moves) and tale.moves[-1].status == "under_review"


def teller_now() -> datetime:
    """The present, for moves that are not put into the past."""
    return datetime.now(UTC)

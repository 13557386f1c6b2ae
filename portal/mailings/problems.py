"""Why a mailing cannot start, in words, before anything leaves; and the short word that its row keeps (B01, Z25)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from portal import db
from portal.emails.tables import Template
from portal.i18n import _
from portal.mailings.planning import Plan, Summary
from portal.mailings.queries import Mailing
from portal.outcomes import Refused

# What `mailing.problem` says, as a sentence.
WORDS: dict[str, Callable[[], str]] = {
    "no_template": lambda: _("Choose a template."),
    "template_archived": lambda: _("The template is in the archive. Choose another one, or take it out."),
    "template_empty": lambda: _("Nothing has been written in this template yet."),
    "view_deleted": lambda: _("The custom view was deleted. Choose the recipients again."),
    "audience": lambda: _("The recipients cannot be found as they were chosen. Choose them again."),
    "empty": lambda: _("No one will get it."),
    "sender": lambda: _("The sender’s address is not verified. Choose another one."),
    "sender_paused": lambda: _("The sender’s address is on pause."),
    "no_sender": lambda: _("The organisation has no sender yet."),
    "reply_to": lambda: _("The template has no address for answers. Choose another one."),
    "account": lambda: _("Whoever launched it cannot sign in any more."),
    "rights": lambda: _("Whoever launched it may not write to these people any more."),
    "changed": lambda: _("The number of recipients has changed since it was shown."),
    "late": lambda: _("Its time passed while nothing could be sent."),
    "slots": lambda: _("Other mailings go out at this time. It starts by itself when one of them has ended."),
    "policy": lambda: _("Mail servers refuse these e-mails as unwanted."),
}
FIELDS = {
    "no_template": "template_id",
    "template_archived": "template_id",
    "template_empty": "template_id",
    "view_deleted": "view_id",
    "sender": "from_kind",
    "sender_paused": "from_kind",
    "no_sender": "from_kind",
    "reply_to": "reply_kind",
}
PAUSED = "select paused from sender where address = $1::citext"


class Problem(msgspec.Struct, frozen=True):
    """What has to be mended first. `word`: one of WORDS."""

    word: str

    @property
    def words(self) -> str:
        """The sentence."""
        return words(self.word)


def words(problem: str) -> str:
    """A problem as a sentence; "" where there is none."""
    return WORDS[problem]() if problem in WORDS else ""


def refused(found: list[Problem]) -> Refused:
    """All problems as the refusal of a launch: one alone beside its field."""
    if len(found) == 1 and found[0].word in FIELDS:
        return Refused(found[0].words, field=FIELDS[found[0].word])
    return Refused(" ".join(each.words for each in found))


async def of_letter(mailing: Mailing) -> list[Problem]:
    """What is wrong with the template and the recipients' view, before anybody is counted."""
    found: list[Problem] = []
    if mailing.audience == "view" and mailing.view_id is None:
        found.append(Problem("view_deleted"))
    if mailing.template_id is None:
        return [*found, Problem("no_template")]
    columns = (Template.archived_at, Template.version_id)
    row = await Template.select(*columns).where(Template.id == mailing.template_id).first()
    if row is None or row["archived_at"] is not None:
        found.append(Problem("template_archived"))
    elif row["version_id"] is None:
        found.append(Problem("template_empty"))
    return found


async def of_plan(plan: Plan, counted: Summary) -> list[Problem]:
    """What is wrong with the addresses, or with there being nobody."""
    found = await of_sender(plan)
    return found if counted.going else [*found, Problem("empty")]


async def of_sender(plan: Plan) -> list[Problem]:
    """What is wrong with the addresses that letters come from, and that answers go to."""
    found: list[Problem] = []
    sender = plan.terms.sender
    if not plan.terms.spare and plan.mailing.from_kind in ("organisation", "owner"):
        found.append(Problem("no_sender"))
    elif sender is not None and not sender.address:
        found.append(Problem("sender"))
    elif sender is not None and await db.fetchval(PAUSED, sender.address):
        found.append(Problem("sender_paused"))
    if plan.terms.reply is not None and not plan.terms.reply.address:
        found.append(Problem("reply_to"))
    return found

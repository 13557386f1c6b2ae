"""The page between a new closing date and its saving: what moves with it (B07)."""

from __future__ import annotations

from typing import Any

from litestar import Response

from portal.campaigns.closing import Move
from portal.campaigns.forms import DatesForm
from portal.campaigns.queries import Campaign
from portal.web.htmx import Request
from portal.web.pages import page


def ask(
    request: Request, campaign: Campaign, form: DatesForm, move: Move, *, action: str, back: str, name: str = ""
) -> Response[Any]:
    """Show the move; *Move the closing date* sends the form to `action` again, with the seal of what was shown.

    `name`: of the phase whose closing moves; "" for the campaign's own.
    """
    return page(
        request,
        "campaigns/closing.html",
        campaign=campaign,
        name=name or campaign.name,
        move=move,
        sent={**form.raw, "confirmed": [move.seal]},
        action=action,
        back=back,
    )

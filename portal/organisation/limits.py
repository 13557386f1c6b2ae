"""What mass mail is held to: limits a day, for one person, for the same time; a second pair of eyes; trial mode.

The day's limits are kept by portal.ledger.quotas, the others by portal.mailings.
"""

from __future__ import annotations

import msgspec

from portal import db, timeline
from portal.actor import Actor
from portal.i18n import _
from portal.ledger.quotas import look_again
from portal.outcomes import Refused, Stale

ZONES = ("utc", "organisation")
LIMITS = """mass_cap, account_cap, limit_zone, person_cap, person_cap_days, approval_over, trial_mode, slots,
    slot_minutes, drift_percent, version"""
CHANGE = """
update organisation set mass_cap = $2, account_cap = $3, limit_zone = $4, person_cap = $5, person_cap_days = $6,
    approval_over = $7, trial_mode = $8, slots = $9, slot_minutes = $10, drift_percent = $11, version = version + 1
where version = $1"""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """As they are stored. None: no limit, and no approval.

    `mass_cap`, `account_cap`: e-mails a day, of all and of one colleague. `limit_zone`: whose day, utc or organisation.
    `person_cap`: optional e-mails to one address within `person_cap_days`. `slots`: mailings that may begin within
    `slot_minutes` (Z25). `drift_percent`: an audience that has changed by more is asked about again (B13).
    """

    mass_cap: int | None = None
    account_cap: int | None = None
    limit_zone: str = "utc"
    person_cap: int | None = None
    person_cap_days: int = 7
    approval_over: int | None = None
    trial_mode: bool = False
    slots: int = 3
    slot_minutes: int = 30
    drift_percent: int = 20
    version: int = 1


async def current() -> Limits:
    """The limits of today."""
    return await db.one_as(Limits, f"select {LIMITS} from organisation") or Limits()


async def change(wanted: Limits, by: Actor) -> None:
    """Change them; `wanted.version` is the version that was seen. What waited for a limit is looked at again at once.

    Raises Refused, or Stale with the limits of today.
    """
    _check(wanted)
    async with db.transaction():
        before, new = msgspec.to_builtins(await current()), msgspec.to_builtins(wanted)
        values = [value for name, value in new.items() if name != "version"]
        if not await db.execute(CHANGE, wanted.version, *values):
            raise Stale(await current())
        changed = [name for name in new if name != "version" and before[name] != new[name]]
        old, now = ({name: each[name] for name in changed} for each in (before, new))
        await timeline.record("organisation", 1, "organisation.changed", by, before=old, after=now)
        await look_again()


def _check(wanted: Limits) -> None:
    if wanted.mass_cap is not None and wanted.account_cap is not None and wanted.account_cap > wanted.mass_cap:
        raise Refused(_("One colleague cannot send more than all together."), field="account_cap")

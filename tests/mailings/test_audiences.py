"""Whoever is counted, listed and planned is written to: one implementation, whatever the criteria."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import db as database
from portal.audiences import sources
from portal.audiences.rules import written
from portal.audiences.sources import Chosen
from portal.mailings import launching, planning, queries
from portal.outcomes import Refused
from portal.people import queries as people
from tests import factories
from tests.audiences.test_criteria import SEEN, groups, seen  # noqa: F401 - a fixture
from tests.mailings import material

VIEW = """
insert into custom_view (module, name, owner_id, criteria) values ('candidates', 'View', $1, $2) returning id"""
TAKEN_BACK = "taken back: the next example begins alike"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_the_count_the_list_the_plan_and_the_launched_audience_agree(
    seen: None,  # noqa: F811
    data: st.DataObject,
) -> None:
    criteria = written(data.draw(groups()))
    alice: Any = SEEN["alice"]
    template = await factories.template()
    with pytest.raises(ZeroDivisionError, match=TAKEN_BACK):
        async with database.transaction():
            await agree(alice, criteria, template.id)
            raise ZeroDivisionError(TAKEN_BACK)


async def agree(alice: factories.AccountRow, criteria: dict[str, Any], template_id: int) -> None:
    """Five ways to the same people."""
    view_id = await database.fetchval(VIEW, alice.id, criteria)
    mailing = await material.draft(alice.actor, audience="view", view_id=view_id, template_id=template_id)
    try:
        counted = await sources.count(alice.actor, Chosen(module="candidates", view_id=view_id))
    except Refused:  # rules that contradict each other: said in words, by all
        with pytest.raises(Refused):
            await planning.plan_of(alice.actor, mailing)
        with pytest.raises(Refused):
            await launching.launch(alice.actor, mailing.id, mailing.version, 0, "")
        return
    filters = people.Filters(kind="candidate", view_id=view_id)
    listed = {row.id for row in (await people.search(alice.actor, filters)).items}
    plan = await planning.plan_of(alice.actor, mailing)
    planned = {row.record_id: row.state for row in (await planning.rows(plan)).items}
    summed = await planning.summary(plan)
    assert (counted.n, counted.exact) == (len(listed), True)
    assert planned.keys() == listed
    assert (summed.found, summed.going) == (len(listed), list(planned.values()).count("queued"))
    if not summed.going:
        with pytest.raises(Refused):
            await material.launch(alice.actor, mailing)
        return
    started = await material.started(alice.actor, await queries.one(alice.actor, mailing.id))
    assert (started.state, started.total, started.expected) == ("running", summed.found, summed.going)
    assert {row["person_id"]: row["state"] for row in await material.messages(mailing)} == planned

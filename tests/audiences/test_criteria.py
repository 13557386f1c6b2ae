"""What SQL makes of criteria is what plain Python makes of them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import db as database
from portal.audiences import fields
from portal.audiences.parameters import Parameters
from portal.audiences.rules import BARE, DAYS, Catalogue, Field, Group, Rule, problems, read, written
from portal.audiences.sql import Compiler, Setting
from tests.audiences import reference

WORDS = ("an", "ANA", "%", "_", "a.example", "Alpha", "ana nowak", "+33", "100%", "é")
SEEN: dict[str, object] = {}


def values(field: Field, op: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Values that fit a field and an operator."""
    if op in BARE:
        return st.just(())
    if op in DAYS:
        return st.integers(0, 20).map(lambda n: (str(n),))
    if field.kind == "number":
        return st.sampled_from(("0", "2.5", "4", "-1", "8.5")).map(lambda text: (text,))
    if field.kind == "date":
        return st.integers(1, 28).map(lambda n: (f"2026-11-{n:02}",))
    if field.kind == "tags":
        return st.lists(st.sampled_from(("vip", "press", "x")), min_size=1, unique=True).map(tuple)
    if field.kind == "choice":
        keys = [value for value, _words in field.options if value not in ("none",)]
        usual = [key for key in keys if key in ("FR", "PL") or len(keys) < 20]
        return st.lists(st.sampled_from(usual), min_size=1, max_size=3, unique=True).map(tuple)
    return st.sampled_from(WORDS).map(lambda text: (text,))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """One rule about anything that the reference knows."""
    catalogue: Catalogue = SEEN["catalogue"]  # type: ignore[assignment]
    key = draw(
        st.sampled_from([key for key in catalogue if key in reference.OF_PEOPLE or key in reference.OF_DOSSIERS])
    )
    op = draw(st.sampled_from(catalogue[key].offered))
    return Rule(key, op, draw(values(catalogue[key], op)))


def groups() -> st.SearchStrategy[Group]:
    """Trees of up to three levels."""
    joins = st.sampled_from(("all", "any"))
    flat = st.builds(Group, joins, st.lists(rules(), min_size=1, max_size=3).map(tuple))
    return st.recursive(
        flat,
        lambda inner: st.builds(Group, joins, st.lists(rules() | inner, min_size=1, max_size=3).map(tuple)),
        max_leaves=4,
    )


@pytest.fixture
async def seen(db: None) -> None:
    """The world of the reference and what may be asked in it."""
    alice, people, campaigns = await reference.world()
    asked = Group("all", (Rule("campaign", "is", tuple(map(str, campaigns))),))
    catalogue = await fields.catalogue(alice.actor, "candidates", [asked])
    SEEN.update(catalogue=catalogue, people=people, alice=alice)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_sql_and_python_mean_the_same_people(seen: None, data: st.DataObject) -> None:
    group = data.draw(groups())
    assert read(written(group)) == group
    assert not [each for each in problems(group, SEEN["catalogue"]) if each.code != "against"]  # type: ignore[arg-type]
    parameters = Parameters(True, 0)
    setting = Setting(
        catalogue=SEEN["catalogue"],  # type: ignore[arg-type]
        views={},
        now=reference.NOW,
        zone=ZoneInfo("UTC"),
        everywhere="$1",
        account="$2",
    )
    condition = Compiler(setting, parameters).group(group, people=True)
    sql = f"select p.id, {condition} as holds from person p where $1::bool and $2::int is not null"
    rows = {row["id"]: row["holds"] for row in await database.fetch(sql, *parameters.values)}
    people: list[reference.Somebody] = SEEN["people"]  # type: ignore[assignment]
    assert rows == {who.id: reference.holds(group, who) for who in people}

"""Subjects that PostgreSQL makes are those that Python makes."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import db as database
from portal.audiences.parameters import Parameters
from portal.emails.language import parse
from portal.emails.letters import Variant, subject_of
from portal.mailings.subjects import Writer

FIELDS = ("first_name", "last_name", "answer_budget")
CHARACTERS = st.sampled_from("aßéŁşÑ ñΣσİœ\u00a0\u2003\u202e\u2067\t\n\r\x0b\x85\x7f-.:@<'\"\\%{}$1漢\U0001f600")
VALUES = st.dictionaries(
    st.sampled_from(FIELDS), st.text(CHARACTERS | st.characters(exclude_categories=["Cs"]), max_size=12)
)
NAMES, FILTERS = (
    st.sampled_from(FIELDS),
    st.lists(st.sampled_from(("upper", "lower", "capitalize", "trim")), max_size=3),
)
WORDS = st.text(st.sampled_from("Ab ß'$1\\"), max_size=8)
FIELD = st.builds(lambda name, filters: "{{ " + "|".join([name, *filters]) + " }}", NAMES, FILTERS)
TEST = st.builds(
    lambda no, one, op, other: f"{no}{one} {op} {other}",
    st.sampled_from(("", "not ")),
    NAMES,
    st.sampled_from(("and", "or")),
    NAMES,
)
CHOICE = st.builds(
    lambda test, one, other, rest: f"{{% if {test} %}}{one}{{% elif not {other} %}}-{{% else %}}{rest}{{% endif %}}",
    TEST,
    FIELD,
    NAMES,
    WORDS,
)
TEMPLATES = st.lists(WORDS | FIELD | CHOICE, max_size=5).map("".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEMPLATES, VALUES)
async def test_subjects_are_the_same_in_SQL_and_in_Python(db: None, template: str, values: dict[str, str]) -> None:
    values = {name: value.replace("\0", "") for name, value in values.items()}
    variant = Variant("en", template)
    parameters = Parameters(values)
    sql = Writer(lambda name: f"coalesce(given.values ->> '{name}', '')", parameters).subject(parse(template))
    async with database.transaction():
        made = await database.fetchval(f"select {sql} from (select $1::jsonb) given(values)", *parameters.values)
    assert made == subject_of(variant, values)

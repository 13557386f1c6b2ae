"""The functions that letters are made with: octets say what the text says, whatever the text and the values."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.emails.language import parse
from portal.emails.merge import Mode
from portal.emails.programs import octet_program, pieces, quoted_program, text_program

WORDS = st.text(st.sampled_from("ab .=~\n\t\"'<>&é–„🎓\u00a0_-@:/"), max_size=120)
PIECES = st.one_of(
    WORDS.map(lambda text: text.replace("{", "").replace("}", "")),
    st.sampled_from(
        (
            "{{ first_name }}",
            "{{ answer_a|upper }}",
            '<a href="{{ dossier_link }}">',
            "{{ dossier_link }}",
            "<li>{{ missing_documents }}</li>",
            "{% if first_name %}yes {{ first_name }}{% elif not answer_a %}{{ status }}{% else %}=.{% endif %}",
            "{% if first_name and (answer_a or not status) %}\n.{{ status }}{% endif %}",
        )
    ),
)
SOURCE = st.lists(PIECES, max_size=12).map("".join)
VALUES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("first_name", "answer_a", "dossier_link", "status", "missing_documents"), WORDS)
)


@pytest.mark.parametrize("mode", ["html", "text"])
@settings(deadline=None)
@given(source=SOURCE, values=VALUES)
def test_quoted_printable_is_the_text(mode: Mode, source: str, values: dict[str, str]) -> None:
    made = pieces(parse(source), mode)
    text = text_program(made)(values)
    octets = quoted_program(made)(values)
    assert octets.isascii()
    lines = octets.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert not any(line.startswith(b".") or line.endswith((b" ", b"\t")) for line in lines)
    assert quopri.decodestring(octets).replace(b"\r\n", b"\n") == text.encode()


def test_fields_that_many_letters_share_are_remembered_for_a_while_and_never_mixed_up() -> None:
    made = quoted_program(pieces(parse("{{ status }} {{ campaign_title }}"), "html"))
    for number in [*range(100), 3, 99]:
        values = {"status": f"Status {number}", "campaign_title": f"Title {number % 7}"}
        assert quopri.decodestring(made(values)).decode() == f"Status {number} Title {number % 7}"


@pytest.mark.parametrize("mode", ["html", "text"])
@settings(deadline=None)
@given(source=SOURCE, values=VALUES)
def test_octets_are_the_text_with_the_line_ends_of_mail(mode: Mode, source: str, values: dict[str, str]) -> None:
    made = pieces(parse(source), mode)
    assert octet_program(made)(values) == text_program(made)(values).replace("\n", "\r\n").encode()


def test_long_values_leave_room_for_the_soft_break() -> None:
    made = pieces(parse("{{ status }}{{ dossier_number }}!"), "html")
    for length in range(60, 160):
        values = {"dossier_number": "é" + "x" * length, "status": "." + "y" * length}
        for each in (values, {**values, "status": "y."}):
            octets = quoted_program(made)(each)
            assert max(map(len, octets.split(b"\r\n"))) <= 76
            assert b"\n." not in octets
            assert quopri.decodestring(octets).decode() == f"{each['status']}{each['dossier_number']}!"


@settings(deadline=None)
@given(source=SOURCE, values=VALUES, known=VALUES)
def test_known_values_change_nothing_but_the_work(source: str, values: dict[str, str], known: dict[str, str]) -> None:
    tree = parse(source)
    later = text_program(pieces(tree, "html"))({**values, **known})
    assert text_program(pieces(tree, "html", known))(values) == later


def test_what_is_known_of_all_messages_is_decided_once() -> None:
    tree = parse("a{% if brand_name %}b{{ brand_name }}{% else %}c{% endif %}{% if not brand_name %}d{% endif %}")
    assert pieces(tree, "html", {"brand_name": "<X>"}) == ("ab&lt;X&gt;",)


@pytest.mark.parametrize("name", ["get", "join", "values", "x0", "c1", "made", "__import__", "é"])
def test_a_field_may_be_called_like_anything_in_the_function(name: str) -> None:
    assert text_program(pieces(parse(f"{{{{ {name} }}}}{{{{ {name} }}}}!"), "text"))({name: "v"}) == "vv!"

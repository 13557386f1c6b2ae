"""Values in sentences, addresses, strictness."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from portal.actor import Actor
from portal.web.assets import Assets
from portal.web.navigation import places
from portal.web.plumbing import STATIC
from portal.web.templating import environment, fill, lone_block, url
from tests.web.small import TEMPLATES

ENV = environment(Assets(STATIC))


def test_values_are_escaped_and_the_sentences_own_markup_is_kept() -> None:
    sentence = "Skipped: <strong>{n}</strong> for {name} <a>see why</a>"
    assert fill(sentence, n=12, name="<b>Ana</b>", a="/why?a=1&b=2") == (
        'Skipped: <strong>12</strong> for &lt;b&gt;Ana&lt;/b&gt; <a href="/why?a=1&amp;b=2">see why</a>'
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<strong onclick="x">a</strong>',
        "<img src=x onerror=alert(1)>",
        "{n.__class__}",
        "{n!r:>{width}}",
    ],
)
def test_a_translators_markup_cannot_do_anything(sentence: str) -> None:
    text = str(fill(sentence, n=1, width=9, a="/x"))
    assert (
        "<script" not in text and "<img" not in text and "<strong onclick" not in text and '<a href="java' not in text
    )
    assert "class &#39;int" not in text and "<class" not in text


def test_several_links_take_their_addresses_in_turn() -> None:
    assert (
        fill("<a>Send again</a> <a>Leave</a>", a=["/1", "/2"]) == '<a href="/1">Send again</a> <a href="/2">Leave</a>'
    )


def test_a_value_that_is_markup_already_stays_so() -> None:
    assert fill("{link}", link=Markup("<b>x</b>")) == "<b>x</b>"


def test_a_value_that_looks_like_a_field_is_not_filled_again() -> None:
    assert fill("{a_name} {n}", a_name="{n}", n=3) == "{n} 3"


def test_addresses_leave_out_what_is_empty_and_repeat_lists() -> None:
    assert url("/dossiers", status=[1, 2], q="a&b", cursor=None, lang="") == "/dossiers?status=1&status=2&q=a%26b"
    assert url("/dossiers") == "/dossiers"


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        ENV.from_string("{{ nmae }}").render()


def test_a_block_alone_knows_the_blocks_of_its_parents() -> None:
    template = TEMPLATES.get_template("list.html")
    assert lone_block(template, "heading", {}) == "Dossiers"
    assert lone_block(template, "nothing_of_the_kind", {}) is None


def test_everybody_sees_the_places_their_rights_open() -> None:
    bob = Actor(kind="user", rights=frozenset({"home.see", "campaign.see", "dossier.see"}))
    admin = Actor(kind="user", rights=frozenset({"home.see", "message.see", "mailbox.see"}))
    assert [[each.path for each in group] for group in places(bob)] == [["/", "/campaigns", "/dossiers"]]
    assert [[each.path for each in group] for group in places(admin, has_mailbox=True)] == [
        ["/"],
        ["/messages", "/sending", "/reports", "/mailbox"],
    ]
    assert places(None) == []


@pytest.mark.parametrize(
    ("path", "current"),
    [("/", "/"), ("/dossiers/12", "/dossiers"), ("/people/7", "/people/candidates"), ("/account", None)],
)
def test_the_current_place_is_marked(path: str, current: str | None) -> None:
    actor = Actor(kind="user", rights=frozenset({"home.see", "dossier.see", "person.see"}))
    found = [each.path for group in places(actor) for each in group if each.current(path)]
    assert found == ([current] if current else [])

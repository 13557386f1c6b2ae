"""A letter's body is reduced to few elements, in one form; conditions keep whole paragraphs or stay inside one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.emails.fields import FIELDS
from portal.emails.markup import reduce
from portal.emails.structure import check_body


def ids(source: str) -> list[tuple[int, int, str]]:
    return [(one.line, one.column, one.id) for one in check_body(source, FIELDS)]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("", ""),
        ("Hello\nyou\n\nSecond & last", "<p>Hello<br>\nyou</p>\n<p>Second &amp; last</p>"),
        ("<div>One<br><br>Two<br>three</div>", "<p>One</p>\n<p>Two<br>\nthree</p>"),
        ("<p></p><p> <br> </p><p>a</p>", "<p>a</p>"),
        ("loose <b>bold</b> <i>it</i>", "<p>loose <strong>bold</strong> <em>it</em></p>"),
        ("<h1>Title</h1><h3>Sub<br>title</h3>", "<h2>Title</h2>\n<h2>Sub title</h2>"),
        ("<ul><li><p>a</p></li><li>b</li></ul>", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        (
            "<ol><li>a<ul><li>b</li></ul></li></ol>",
            "<ol>\n<li>a\n<ul>\n<li>b</li>\n</ul></li>\n</ol>",
        ),
        ("<blockquote>a<br><br>b</blockquote>", "<blockquote>\n<p>a</p>\n<p>b</p>\n</blockquote>"),
        ("<script>alert(1)</script><style>a{}</style><p>x</p>", "<p>x</p>"),
        ('<p onclick="x" style="y" class="z">a</p>', "<p>a</p>"),
        ('<img src="x" onerror="alert(1)">', ""),
        ('<a href="javascript:alert(1)">a</a>', "<p>a</p>"),
        ('<a href="data:text/html,x">a</a>', "<p>a</p>"),
        ('<a href="https://example.org/?a=1&amp;b=2">a</a>', '<p><a href="https://example.org/?a=1&amp;b=2">a</a></p>'),
        ('<a href="mailto:a@example.org">a</a>', '<p><a href="mailto:a@example.org">a</a></p>'),
        ('<a href="{{ dossier_link }}">a</a>', '<p><a href="{{ dossier_link }}">a</a></p>'),
        ("<p>{{&nbsp;first_name&nbsp;}}</p>", "<p>{{ first_name }}</p>"),
        ("<p>n°&nbsp;12 ;</p>", "<p>n°\u00a012 ;</p>"),
        (
            "<div>a<br><br>{% if email %}<br>b<br><br>c<br>{% endif %}<br>d</div>",
            "<p>a</p>\n{% if email %}\n<p>b</p>\n<p>c</p>\n{% endif %}\n<p>d</p>",
        ),
        ("<p>{% if email %}</p><p>b</p><p>{% endif %}</p>", "{% if email %}\n<p>b</p>\n{% endif %}"),
        (
            "<ul><li>{% if email %}</li><li>b</li><li>{% endif %}</li></ul>",
            "<ul>\n{% if email %}\n<li>b</li>\n{% endif %}\n</ul>",
        ),
        (
            "<p>{% if email %}a<br>{% endif %}b</p>",
            "<p>{% if email %}a<br>\n{% endif %}b</p>",
        ),
    ],
)
def test_a_body_is_brought_into_one_form(sent: str, stored: str) -> None:
    assert reduce(sent) == stored
    assert reduce(stored) == stored
    assert ids(stored) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<p>a {{ <strong>first</strong>_name }}</p>", (1, 6, "split_tag")),
        ("<p>{% if email %}a</p>\n<p>b{% endif %}</p>", (1, 4, "condition_across")),
        ("<p>{% if email %}<strong>a{% endif %}</strong></p>", (1, 4, "condition_across")),
        ("<p>{% if email %}a{% else %}</p><p>{% endif %}</p>", (1, 4, "condition_across")),
        ('<p><a href="https://example.org/{{ email }}">a</a></p>', (1, 36, "link_field")),
        ('<p><a href="{{ dossier_link }}/x">a</a></p>', (1, 16, "link_field")),
        ('<p><a href="{{ first_name }}">a</a></p>', (1, 16, "link_field")),
        ('<p><a href="{{ dossier_link|upper }}">a</a></p>', (1, 16, "link_field")),
        ('<p><a href="{% if email %}https://example.org{% endif %}">a</a></p>', (1, 13, "link_field")),
        ('<p><a href="http://example.org">a</a></p>', (1, 7, "link_address")),
        ("<p>{{ a &lt; b }}</p>", (1, 9, "not_allowed")),
    ],
)
def test_what_does_not_fit_is_named_at_its_place(body: str, problem: tuple[int, int, str]) -> None:
    assert ids(body) == [problem]


ELEMENTS = ("p", "div", "b", "i", "ul", "ol", "li", "h1", "blockquote", "script", "table", "svg")
PIECES = st.sampled_from(
    [
        *(f"<{name}>" for name in ELEMENTS),
        *(f"</{name}>" for name in ELEMENTS),
        *("<br>", "<p/>", "</a>", '<a href="https://example.org">', '<a href="{{ email }}">'),
        *("<", ">", "&", "&amp;", "&nbsp;", "&lt;script&gt;", "text", " ", "\n"),
        *("{{ email }}", "{% if email %}", "{% else %}", "{% endif %}", "{%", "{{"),
    ]
)
STORED = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "h2"}


@settings(max_examples=800, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_whatever_is_sent_only_few_elements_are_stored_and_stay(sent: str) -> None:
    stored = reduce(sent)
    assert set(re.findall(r"</?([a-z0-9]+)", stored)) <= {
        "p",
        "br",
        "strong",
        "em",
        "a",
        "ul",
        "ol",
        "li",
        "blockquote",
        "h2",
    }
    assert re.findall(r"<[^/>]*=", stored) == re.findall(r"<a href=", stored)
    assert reduce(stored) == stored


# ------------------------------------------------------------------------------------------------ pictures
KEY = "0123456789abcdef" * 2
PICTURE = f'<img src="/pictures/{KEY}" alt="Our garden" width="520" height="260">'


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (PICTURE, f"<p>{PICTURE}</p>"),
        (
            f'<img src="https://portal.example.org/pictures/{KEY}" width="1040" height="520" alt="Our garden">',
            f"<p>{PICTURE}</p>",
        ),
        (
            f'<div>See<figure data-trix-attachment="x"><img src="/pictures/{KEY}" width="9" height="9">'
            "<figcaption>A “{{ first_name }}” &amp; a dog</figcaption></figure></div>",
            f'<p>See<img src="/pictures/{KEY}" alt="A “ first_name ” &amp; a dog" width="9" height="9"></p>',
        ),
        (f'<img src="/pictures/{KEY}" onerror="alert(1)" width="0">', f'<p><img src="/pictures/{KEY}" alt=""></p>'),
        (
            'Hi<img src="https://evil.example/pixel.gif"><img src="/pictures/../x"><img src="data:image/png;,">',
            "<p>Hi</p>",
        ),
        ("<figcaption>Lost</figcaption>", ""),
    ],
)
def test_only_our_own_pictures_are_shown(sent: str, stored: str) -> None:
    assert reduce(sent) == stored
    assert reduce(stored) == stored
    assert ids(stored) == []

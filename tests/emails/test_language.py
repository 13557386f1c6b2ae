"""The template language refuses everything that is not a field, a filter or a condition, and says where."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.emails.fields import FIELDS
from portal.emails.language import Choice, Condition, Data, Field, Invalid, Node, check, parse, unix_lines
from portal.emails.programs import program
from portal.emails.scan import MAX_SOURCE, Problem
from portal.emails.words import FILTERS, problem_words
from portal.i18n import LOCALES, use
from tests.emails.payloads import payloads

KNOWN = frozenset(FIELDS)
PAYLOADS = payloads()


def places(source: str) -> list[tuple[int, int, str, str]]:
    return [(one.line, one.column, one.id, one.field) for one in check(source, KNOWN)]


# ------------------------------------------------------------------------------------------------ what is allowed
@pytest.mark.parametrize(
    "source",
    [
        "",
        "No field at all, 100 %, {curly}, } } and %}",
        "{{ first_name }}",
        "{{first_name}}",
        "{{ first_name|upper }}",
        "{{ first_name | trim | upper }}",
        "{{ (first_name) }}",
        "{{ answer_project_title }}",
        "{% if first_name %}Dear {{ first_name }}{% else %}Hello{% endif %},",
        "{% if not first_name and (last_name or email) %}a{% elif closing_date %}b{% else %}c{% endif %}",
        "{% if first_name %}{% if last_name %}a{% endif %}{% endif %}",
        "{{\nfirst_name\n}}",
        "line\r\nline {{ email }}\r\n",
    ],
)
def test_fields_filters_and_conditions_are_allowed(source: str) -> None:
    assert check(source, KNOWN) == []


def test_there_are_enough_ways_to_try() -> None:
    assert len(set(PAYLOADS)) >= 400


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_nothing_else_gets_through(payload: str) -> None:
    problems = check(payload, KNOWN)
    assert problems
    lines = unix_lines(payload).split("\n")
    for problem in problems:
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem_words(problem)


def test_what_is_refused_is_never_compiled_by_jinja(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    monkeypatch.setattr(jinja2.Environment, "compile", lambda *args, **kwargs: compiled.append("compiled"))
    for payload in [*PAYLOADS, "{{ first_name }}"]:
        check(payload, KNOWN)
    assert compiled == []


# ------------------------------------------------------------------------------------------------ where and what
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Dear {{ frist_name }}", [(1, 9, "unknown_field", "frist_name")]),
        ("a\nb {{ frist_name }} {{ x }}", [(2, 6, "unknown_field", "frist_name"), (2, 23, "unknown_field", "x")]),
        ("a\r\nb {{ frist_name }}", [(2, 6, "unknown_field", "frist_name")]),
        ("{% if frist_name %}a{% endif %}", [(1, 7, "unknown_field", "frist_name")]),
        ("{{ first_name|uper }}", [(1, 15, "unknown_filter", "uper")]),
        ("{{ first_name.upper }}", [(1, 14, "not_allowed", ".")]),
        ("{% for x in y %}", [(1, 1, "not_allowed", "for")]),
        ("Dear {{ first_name, how", [(1, 6, "unclosed", "{{")]),
        ("a\n  {% if first_name %}b", [(2, 3, "condition_without_end", "")]),
        ("a {% endif %}", [(1, 3, "stray_tag", "endif")]),
        ("{{ }}", [(1, 1, "empty_tag", "")]),
        ("{{ <b>first_name</b> }}", [(1, 1, "split_tag", "")]),
        ("{{ first_name last_name }}", [(1, 15, "syntax", "")]),
        ("a" * (MAX_SOURCE + 1), [(1, 1, "too_long", str(MAX_SOURCE))]),
        ("a\x00", [(1, 2, "control_character", "")]),
    ],
)
def test_a_problem_says_its_line_and_column(source: str, expected: list[tuple[int, int, str, str]]) -> None:
    assert places(source) == expected


def test_an_unknown_field_comes_with_what_was_probably_meant() -> None:
    [problem] = check("Dear {{ frist_name }}", KNOWN)
    assert problem == Problem(1, 9, "unknown_field", "frist_name", "first_name")
    sentence = "Line 1, column 9: no field is called “frist_name”. Did you mean “first_name”?"
    assert problem_words(problem) == sentence


def test_a_field_unlike_any_other_comes_without_a_suggestion() -> None:
    [problem] = check("{{ zzzz }}", KNOWN)
    assert problem.suggestion == ""
    assert problem_words(problem) == "Line 1, column 4: no field is called “zzzz”. Choose one from the list of fields."


@pytest.mark.parametrize("locale", LOCALES)
def test_every_problem_has_its_words_without_a_gap(locale: str) -> None:
    kinds = {problem.id for payload in PAYLOADS for problem in check(payload, KNOWN)}
    kinds |= {"condition_across", "link_field", "link_address"}
    with use(locale):
        for kind in sorted(kinds):
            words = problem_words(Problem(3, 14, kind, "60000" if kind == "too_long" else "frist_name", "first_name"))
            assert words.replace("{% endif %}", "").count("{") == 0


# ------------------------------------------------------------------------------------------------ fuzzing
GRAMMAR = st.recursive(
    st.one_of(
        st.sampled_from(["first_name", "last_name", "answer_x", "frist_name", "lipsum", "7", "'a'", "none", "true"]),
        st.text(alphabet="{}%#|()._-'\"<>ab \n", max_size=6),
    ),
    lambda inner: st.one_of(
        st.tuples(
            st.sampled_from(["{} and {}", "{} or {}", "{}~{}", "{}.{}", "{}[{}]", "{}|{}", "{}({})"]), inner, inner
        ).map(lambda parts: parts[0].format(parts[1], parts[2])),
        st.tuples(
            st.sampled_from(
                [
                    "{{{{ {} }}}}",
                    "{{{{ {}|upper }}}}",
                    "{{%% if {} %%}}a{{%% endif %%}}".replace("%%", "%"),
                    "not {}",
                    "({})",
                    "{{# {} #}}",
                    "{{%- {} -%}}",
                    "a{}b",
                ]
            ),
            inner,
        ).map(lambda parts: parts[0].format(parts[1])),
        st.lists(inner, max_size=4).map("".join),
    ),
    max_leaves=12,
)


def assert_only_allowed(tree: tuple[Node, ...]) -> None:
    for node in tree:
        if isinstance(node, Choice):
            for test, body in node.branches:
                assert_only_tests(test)
                assert_only_allowed(body)
        else:
            assert isinstance(node, Data) or (isinstance(node, Field) and set(node.filters) <= set(FILTERS))
            assert not isinstance(node, Field) or node.name.isidentifier()


def assert_only_tests(test: Condition | None) -> None:
    if test is not None:
        assert test.op in ("field", "not", "and", "or")
        for part in () if test.op == "field" else test.args:
            assert_only_tests(part)


@settings(max_examples=600, deadline=None)
@given(GRAMMAR)
def test_whatever_is_written_only_allowed_nodes_come_out(source: str) -> None:
    if check(source, KNOWN):
        return
    tree = parse(source)
    assert_only_allowed(tree)
    assert isinstance(program(tree, "html")({}), str)


@settings(max_examples=300, deadline=None)
@given(GRAMMAR)
def test_the_same_text_is_parsed_or_refused_with_problems(source: str) -> None:
    try:
        assert_only_allowed(parse(source))
    except Invalid as invalid:
        refused = invalid.problems
        assert refused


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=80))
def test_any_text_is_checked_without_an_exception(source: str) -> None:
    assert isinstance(check(source, KNOWN), list)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_text_without_tags_comes_out_as_it_is(text: str) -> None:
    if "{" not in text and not check(text, KNOWN):
        assert program(parse(text), "text")({}) == unix_lines(text)

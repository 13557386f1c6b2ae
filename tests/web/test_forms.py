"""Forms: all errors at once, what was typed is kept, nothing undeclared is taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from portal.web.field import Field
from portal.web.fields import Choice, Choices, Day, Email, Flag, IdChoice, Ids, Integer, Moment, Secret, Text, Texts
from portal.web.forms import Form
from tests.clients import Client
from tests.web.small import small_app

FILLED = {
    "name": "  Ana   Nowak ",
    "email": "ana@example.org",
    "places": "1 0",
    "tone": "ok",
    "status": "7",
    "days": ["mon", "tue"],
    "news": "1",
    "title.es": "Hola",
    "title.pl": "Cześć",
    "due": "2026-11-30T23:59",
    "version": "3",
}


def read(field: Field[Any], *sent: str, choices: Any = (), name: str = "x") -> tuple[Any, str | None]:
    """The value and the error of one field."""
    form = Form(extra={name: field}, choices={name: choices} if choices else None)
    form.take({name: list(sent)} if sent else {})
    return form[name], form.errors.get(name)


async def test_a_filled_form_becomes_typed_values() -> None:
    app = small_app()
    page = await Client(app).post("/form", FILLED, files={"file": ("cv.pdf", b"%PDF", "application/pdf")})
    taken = app.state.taken
    upload = taken.pop("file")
    assert page.status == 200
    assert taken == {
        "name": "Ana Nowak",
        "email": "ana@example.org",
        "places": 10,
        "tone": "ok",
        "status": 7,
        "days": ["mon", "tue"],
        "news": True,
        "title": {"es": "Hola", "pl": "Cześć"},
        "due": datetime(2026, 11, 30, 23, 59),
        "version": 3,
    }
    assert (upload.filename, upload.content_type) == ("cv.pdf", "application/pdf")


async def test_all_errors_are_said_at_once_beside_their_fields_and_in_a_summary_that_leads_to_them() -> None:
    client = Client(small_app())
    page = await client.post("/form", FILLED | {"name": "", "email": "ana@", "places": "11", "tone": "pink"})
    assert page.status == 422
    assert page.errors == [
        "Enter a name.",
        "Enter an address such as name@example.org.",
        "Enter a number from 1 to 10.",
        "Choose one of the options.",
    ]
    assert [each.attrs["href"] for each in page.all(".errors a")] == ["#name", "#email", "#places", "#tone"]
    assert page.one("#email").attrs["aria-invalid"] == "true"
    assert page.one("#name").attrs["aria-describedby"] == "name-hint name-error"
    assert page.one(".errors").attrs["role"] == "alert"


async def test_what_was_typed_is_kept_and_passwords_are_not() -> None:
    page = await Client(small_app()).post("/form", FILLED | {"email": "ana@", "title.pl": "much too long for this"})
    kept = page.form("/form")
    assert kept["email"] == "ana@"
    assert (kept["status"], kept["days"], kept["title.pl"]) == ("7", ["mon", "tue"], "much too long for this")
    form = Form({"x": "secret"}, extra={"x": Secret()})
    assert form.shown("x") == ""


async def test_an_action_that_refuses_speaks_through_the_same_form() -> None:
    page = await Client(small_app()).post("/form", FILLED | {"name": "Refuse me"})
    assert (page.status, page.errors) == (422, ["This name is taken."])


async def test_a_hidden_field_that_was_tampered_with_is_no_field_to_mend() -> None:
    page = await Client(small_app()).post("/form", FILLED | {"version": "x"})
    assert (page.status, page.errors) == (422, ["This page is out of date. Reload it and try again."])


@pytest.mark.parametrize("extra", [{"account_id": "1"}, {"name": ["a", "b"]}, {"title.xx": "?"}])
async def test_a_field_nobody_offered_or_sent_twice_spoils_the_form(extra: dict[str, Any]) -> None:
    page = await Client(small_app()).post("/form", FILLED | extra)
    assert (page.status, page.errors) == (422, ["This page is out of date. Reload it and try again."])


async def test_a_form_shows_the_values_it_is_given() -> None:
    page = await Client(small_app()).get("/form")
    assert (page.form("/form")["name"], page.form("/form")["version"]) == ("Ana", "3")


@pytest.mark.parametrize(
    ("field", "sent", "value"),
    [
        (Text(), "e\u0301te\u0301", "été"),
        (Text(), "a\x00b\r\nc\x1b", "ab c"),
        (Text(lines=True), "a\r\nb", "a\nb"),
        (Integer(), "12\u202f500", 12500),
        (Integer(least=-5), "-5", -5),
        (Flag(), "1", True),
        (Choice("a"), "a", "a"),
        (Day(), "2026-02-28", datetime(2026, 2, 28).date()),
        (Texts(required=False), "x", {}),
    ],
)
def test_readable(field: Field[Any], sent: str, value: Any) -> None:
    assert read(field, sent)[0] == value


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        (Text(longest=3), "abcd"),
        (Email(), "ana@example.org\r\nBcc: x@y.example"),
        (Integer(), "1.5"),
        (Integer(), "٣"),
        (Integer(), "9" * 30),
        (Integer(), "2147483648"),
        (Moment(), "2026-02-30T10:00"),
        (Moment(), "2026-02-20T10:00+01:00"),
        (Moment(), "soon"),
        (Day(), "30/11/2026"),
        (Choice("a"), "b"),
        (IdChoice(), "1"),
        (Choices("a"), "b"),
        (Ids(), "1; drop table dossier"),
        (Flag(required=True), ""),
    ],
)
def test_unreadable(field: Field[Any], sent: str) -> None:
    value, error = read(field, sent)
    assert (value, bool(error)) == (field.empty, True)


def test_several_ticks_become_ids_without_repetition() -> None:
    assert read(Ids(), "3", "5", "3") == ([3, 5], None)


def test_two_forms_on_a_page_keep_their_ids_apart() -> None:
    class NoteForm(Form):
        prefix = "note-"
        reply_before = Text()

    assert (NoteForm().id("reply_before"), NoteForm().id("title.es")) == ("note-reply-before", "note-title-es")

"""What catches the eye in a template (B11): said while one writes, never in the way of saving."""

from __future__ import annotations

from typing import get_args

import pytest

from portal.emails import lint, lint_words
from portal.emails.letters import Brand, Variant, render
from portal.emails.lint import Finding
from portal.i18n import LOCALES, use
from tests import factories
from tests.clients import Client


def found(body: str = "<p>Hello</p>", subject: str = "Subject", **more: bool) -> list[Finding]:
    variant = Variant("en", subject, body=body, **more)  # type: ignore[arg-type]
    letter = render(variant, {}, Brand("Passerelle"), "en")
    return lint.of_text(variant, {}, letter.subject, letter.html)


@pytest.mark.seed("B11")
@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (f'<p><img src="/pictures/{"0" * 32}" alt=""></p>', Finding("picture", "en")),
        ('<p><a href="https://localhost/x">here</a></p>', Finding("link", "en", "https://localhost/x")),
        ('<p><a href="https://">here</a></p>', Finding("link", "en", "https://")),
        ('<p><a href="https://office.internal">here</a></p>', Finding("link", "en", "https://office.internal")),
        ("<p>{{ unsubscribe_link }}</p>", Finding("unused_opt_out", "en")),
        ("<p>x</p>" * 3000, Finding("heavy", "en")),
    ],
)
def test_B11_what_catches_the_eye_is_named(body: str, finding: Finding) -> None:
    assert found(body) == [finding]


@pytest.mark.seed("B11")
def test_B11_a_good_letter_is_left_alone() -> None:
    assert found('<p><a href="https://żółw.example/a?b=c">here</a> <a href="mailto:a@b.example">us</a></p>') == []
    assert found("<p>{{ unsubscribe_link }}</p>", optional=True) == []
    assert [each.kind for each in found(subject="x" * 71)] == ["long_subject"]
    assert lint.of_brand(True, " ") == [Finding("no_postal_address", "")] and lint.of_brand(False, "") == []


@pytest.mark.seed("B11")
def test_B11_a_link_that_one_language_forgot_is_named() -> None:
    texts = {"en": "<p>{{ dossier_link }} {{ first_name }}</p>", "fr": "<p>Bonjour</p>"}
    variants = {locale: Variant(locale, "S", body=body) for locale, body in texts.items()}
    assert lint.of_languages(variants) == [Finding("lacks_field", "fr", "dossier_link")]


def test_every_finding_has_its_words() -> None:
    assert set(lint_words.SENTENCES) == set(get_args(lint.Kind))
    for locale in LOCALES:
        with use(locale):
            for kind in lint_words.SENTENCES:
                words = lint_words.sentence(Finding(kind, "fr", "80"), named=True)  # type: ignore[arg-type]
                assert words and "{" not in words


async def test_it_is_said_beside_the_preview_and_saving_goes_on(client: Client) -> None:
    await factories.organisation()
    alice = await factories.account("Alice")
    await client.sign_in(alice.email)
    sent = {"name": "News", "category": "optional", "locale": "en", "subject": "News", "preheader": "",
            "sender_id": "", "reply_to": "", "version": "0", "person": "0",
            "body": '<p><a href="https://nowhere">here</a></p>'}  # fmt: skip
    page = await client.post("/templates", sent)
    assert page.toasts == ["Template created."]
    assert page.texts("#notes .checks li") == [
        "This link leads nowhere: https://nowhere",
        "Optional e-mail must carry your postal address, and there is none yet. "
        "An administrator enters it under Brand.",
    ]

"""A letter as it leaves: escaped, branded, readable as text, in the reader's language."""

from __future__ import annotations

import html as html_module
import re
from html.parser import HTMLParser

import pytest

from portal.emails import system
from portal.emails.defaults import LETTERS, variants
from portal.emails.fields import FIELDS, sample_facts, values
from portal.emails.language import check
from portal.emails.letters import Brand, Logo, Rendered, Variant, compiled, lone_lines, render, trees
from portal.emails.markup import reduce
from portal.emails.merge import WORD_JOINER
from portal.emails.structure import check_body
from portal.i18n import LOCALES, _, use

BRAND = Brand("Fondation Passerelle", "#1f5c4d", "4 quai de la Fosse\n44000 Nantes", "https://www.passerelle.example/")
VOID = ("br", "meta")
DEFAULTS = [(key, locale) for key in LETTERS for locale in LOCALES]


def letter(body: str, locale: str = "en", subject: str = "Subject", optional: bool = False, **changes: str) -> Rendered:
    variant = Variant(locale, subject, "", reduce(body), optional)
    return render(variant, {**values(sample_facts(locale, "Passerelle"), locale), **changes}, BRAND, locale)


def default(key: str, locale: str) -> Variant:
    [(subject, body)] = [(subject, body) for name, subject, body in variants(key) if name == locale]
    return Variant(locale, subject, "", reduce(body))


class Document(HTMLParser):
    """The words of a letter's body, and whether its elements are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words = ""
        self.links: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open += [] if tag in VOID else [tag]
        self.links += [dict(attrs)["href"] or ""] if tag == "a" else []
        self.words += " "

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "head" not in self.open:
            self.words += data


# ------------------------------------------------------------------------------------------------ untrusted values
MARKUP = "<script>alert(1)</script>\"'&"


def test_a_value_is_never_markup() -> None:
    sent = letter("<p>Dear {{ first_name }}</p>", first_name=MARKUP)
    assert html_module.escape(MARKUP, quote=True) in sent.html
    assert "<script" not in sent.html
    assert f"Dear {MARKUP}" in sent.text


@pytest.mark.parametrize("name", ["www.evil.example", "https://evil.example", "Ana evil.example/x", "x@evil.example"])
def test_a_candidates_name_never_becomes_a_link(name: str) -> None:
    sent = letter("<p>Dear {{ first_name }}</p>", first_name=name)
    document = Document(sent.html)
    assert not any("evil" in link for link in document.links)
    for part in (document.words, sent.text):
        assert name not in part
        assert name in part.replace(WORD_JOINER, "")


def test_initials_and_dates_stay_whole() -> None:
    sent = letter(
        "<p>{{ answer_when }} {{ first_name }}</p>", answer_when="30.11.2026 23:59", first_name="Ana-Zoë O’Neill"
    )
    assert "30.11.2026 23:59 Ana-Zoë O’Neill" in sent.text


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "//evil.example", "https://a b", 'https://x"onclick="y', "data:x", ""]
)
def test_a_link_that_is_no_web_address_leads_nowhere(address: str) -> None:
    sent = letter(
        '<p><a href="{{ dossier_link }}">here</a> {{ dossier_link }}.</p><p>{{ dossier_link }}</p>',
        dossier_link=address,
    )
    assert set(Document(sent.html).links) == {"#", "https://www.passerelle.example/"}


def test_a_subject_is_one_line_without_control_characters() -> None:
    sent = letter("<p>x</p>", subject="To {{ first_name }}", first_name="Ana\r\nBcc: all@example.org\x00\u2028\u202e!")
    assert sent.subject == "To Ana Bcc: all@example.org!"


def test_a_subject_has_an_end() -> None:
    assert len(letter("<p>x</p>", subject="{{ campaign_title }}", campaign_title="a" * 5000).subject) == 250


def test_several_lines_of_an_answer_stay_lines() -> None:
    sent = letter("<p>{{ answer_summary }}</p>", answer_summary="one\r\ntwo & three")
    assert "one<br>two &amp; three" in sent.html
    assert "one\ntwo & three" in sent.text


def test_braces_in_values_and_in_the_brand_mean_nothing() -> None:
    brand = Brand("{{ email }} {% if x %}", "#1f5c4d", "{{ email }}", "")
    made = {"first_name": "{{ email }}", "email": "secret@example.org"}
    sent = render(Variant("en", "{{ first_name }}", "", "<p>{{ first_name }}</p>"), made, brand, "en")
    assert sent.subject == "{{ email }}"
    assert "secret" not in sent.html + sent.text
    assert "{% if x %}" in sent.html and "{% if x %}" in sent.text


# ------------------------------------------------------------------------------------------------ buttons, links, lists
def test_a_link_alone_on_its_line_is_a_button() -> None:
    sent = letter("<p>You can follow it here:<br>{{ dossier_link }}</p><p>Bye</p>")
    link = values(sample_facts("en"), "en")["dossier_link"]
    assert sent.html.count(f'<a href="{link}"') == 1
    assert re.search(r">Open my application</a></td></tr></tbody></table>", sent.html)
    assert f"You can follow it here:\n{link}\n\nBye\n" in sent.text
    assert "Open my application" not in sent.text


def test_a_link_in_a_sentence_is_its_own_text() -> None:
    link = values(sample_facts("en"), "en")["dossier_link"]
    sent = letter("<p>See {{ dossier_link }} or write.</p>")
    assert f">{link}</a> or write." in sent.html
    assert f"See {link} or write." in sent.text


def test_links_have_their_address_on_a_line_of_their_own() -> None:
    one = letter('<p>See <a href="https://example.org/a">the rules</a>, please.</p>')
    assert "See the rules, please.\nhttps://example.org/a\n" in one.text
    two = letter('<p><a href="https://example.org/a">Rules</a> and <a href="https://example.org/b">forms</a></p>')
    assert "Rules and forms\nRules:\nhttps://example.org/a\nforms:\nhttps://example.org/b\n" in two.text
    same = letter('<p><a href="https://example.org/a">https://example.org/a</a></p>')
    assert same.text.count("https://example.org/a") == 1
    mail = letter(
        '<p>Write to <a href="mailto:a@example.org">us</a> or <a href="mailto:a@example.org">a@example.org</a></p>'
    )
    assert "Write to us <a@example.org> or a@example.org\n" in mail.text


def test_a_link_under_a_condition_goes_with_it() -> None:
    body = '<p>{% if last_name %}See <a href="https://example.org/a">this</a>. {% endif %}Bye</p>'
    assert "See this <https://example.org/a>. Bye" in letter(body).text
    assert "example.org" not in letter(body, last_name="").text.split("-- ")[0]


@pytest.mark.parametrize("body", ["<p>{{ missing_documents }}</p>", "<ul><li>{{ missing_documents }}</li></ul>"])
def test_a_list_alone_is_a_list(body: str) -> None:
    sent = letter(body, missing_documents="Budget\nStatutes <b>")
    assert re.findall(r"<li[^>]*>(.*?)</li>", sent.html) == ["Budget", "Statutes &lt;b&gt;"]
    assert sent.text.startswith("- Budget\n- Statutes <b>\n")


def test_a_list_in_a_sentence_stands_side_by_side() -> None:
    assert letter("<p>Missing: {{ missing_documents }}</p>", missing_documents="a\nb").text.startswith(
        "Missing: a · b\n"
    )


def test_text_keeps_lists_quotes_and_headings_without_stars() -> None:
    body = (
        "<h2>Next</h2><ol><li><strong>one</strong></li><li>two<ul><li>a</li></ul></li></ol>"
        "<blockquote>they<br>said</blockquote><p><em>Bye</em></p>"
    )
    assert letter(body).text.startswith("Next\n\n1. one\n2. two\n  - a\n\n> they\n> said\n\nBye\n\n-- \n")


def test_a_condition_takes_its_paragraph_along() -> None:
    body = "<p>a</p>{% if first_name %}<p>b</p>{% else %}<p>c</p>{% endif %}<p>d</p>"
    assert letter(body).text.startswith("a\n\nb\n\nd\n")
    assert letter(body, first_name=" ").text.startswith("a\n\nc\n\nd\n")


def test_a_lone_line_within_a_condition_or_element_stays_where_it_is() -> None:
    for body in (
        "<p>{% if email %}a<br>\n{{ dossier_link }}<br>\nb{% endif %}</p>",
        "<p><em>a<br>\n{{ dossier_link }}</em></p>",
    ):
        assert lone_lines(body, buttons=True) == body
        Document(letter(body).html)


# ------------------------------------------------------------------------------------------------ the layout
def test_optional_mail_always_carries_the_way_out() -> None:
    link = values(sample_facts("en"), "en")["unsubscribe_link"]
    sent = letter("<p>News</p>", optional=True)
    assert f'<a href="{link}"' in sent.html and ">Unsubscribe</a>" in sent.html
    assert f"Unsubscribe:\n{link}\n" in sent.text
    assert link not in letter("<p>News</p>").html


def test_the_letter_says_whose_it_is_and_why_it_came() -> None:
    sent = letter("<p>x</p>")
    for part in (Document(sent.html).words, sent.text):
        assert "You receive this e-mail because" in part
        assert "Fondation Passerelle, 4 quai de la Fosse, 44000 Nantes" in part
    assert "https://www.passerelle.example/" in sent.text
    assert '<html lang="en" dir="ltr"' in sent.html
    assert sent.text.isprintable() is False and "\r" not in sent.text


def test_the_preheader_is_there_but_not_seen() -> None:
    variant = Variant("en", "S", "Hello {{ first_name }}", "<p>x</p>")
    sent = render(variant, {"first_name": "A & B"}, BRAND, "en")
    assert sent.preheader == "Hello A & B"
    assert re.search(r'<div style="display:none[^"]*">Hello A &amp; B', sent.html)
    assert "display:none" not in letter("<p>x</p>").html
    assert "Hello" not in sent.text


def test_a_pale_brand_colour_is_darkened_for_words_and_keeps_its_button() -> None:
    sent = render(
        Variant("en", "S", "", "<p>{{ dossier_link }}</p>"),
        {"dossier_link": "https://a.example/"},
        Brand("P", "#ffe14d"),
        "en",
    )
    assert "color: #ffe14d" not in sent.html[sent.html.index("<body") :]
    assert "background: #ffe14d" in sent.html
    assert "color: #000000" in sent.html


def test_the_letter_fits_a_phone_and_a_dark_screen() -> None:
    html = letter("<p>x</p>").html
    assert "@media (max-width: 620px)" in html and "@media (prefers-color-scheme: dark)" in html
    assert html.index("@media") < html.index("<body")


def test_a_variant_is_compiled_once() -> None:
    compiled.cache_clear()
    for name in ("Ana", "Bob", "Cleo"):
        letter("<p>{{ first_name }}</p>", first_name=name)
    assert compiled.cache_info().misses == 1


def test_a_letter_stays_well_below_the_size_that_readers_cut() -> None:
    assert max(len(render(default(*one), {}, BRAND, one[1]).html.encode()) for one in DEFAULTS) < 20_000


def test_fields_that_would_be_empty_are_named_unless_a_condition_guards_them() -> None:
    variant = Variant(
        "en", "{{ dossier_number }}", "", "<p>{% if first_name %}{{ first_name }}{% endif %}{{ closing_date }}</p>"
    )
    assert trees(variant).empty_fields({"first_name": ""}) == ["dossier_number", "closing_date"]
    assert trees(variant).empty_fields({"dossier_number": "1", "closing_date": "x"}) == []
    assert trees(variant).fields() == {"dossier_number", "first_name", "closing_date"}


# ------------------------------------------------------------------------------------------------ the letters we ship
@pytest.mark.parametrize(("key", "locale"), DEFAULTS)
def test_a_default_letter_is_allowed_and_reads_the_same_as_text(key: str, locale: str) -> None:
    variant = default(key, locale)
    assert check(variant.subject, FIELDS) + check_body(variant.body, FIELDS) == []
    made = values(sample_facts(locale, "Passerelle"), locale)
    sent = render(variant, made, BRAND, locale)
    words = Document(sent.html).words.split("\u034f")[-1]
    plain = (
        sent.text.replace(made["dossier_link"], "")
        .replace("\n-- \n", "\n")
        .replace("https://www.", "")
        .replace("example/", "example")
    )
    with use(locale):
        button = _("Open my application")
    assert words.replace(BRAND.name, "", 1).replace(button, "").split() == plain.split()
    assert "{{" not in sent.html + sent.text + sent.subject and "{%" not in sent.html + sent.text


@pytest.mark.parametrize(("key", "locale"), DEFAULTS)
def test_a_default_letter_avoids_the_traps_of_its_language(key: str, locale: str) -> None:
    variant = default(key, locale)
    words = f"{variant.subject}\n{html_module.unescape(re.sub(r'<[^>]+>', ' ', variant.body))}"
    bare = re.sub(r"\{%.*?%\}", "", words)
    if locale == "fr":
        assert (
            re.findall(r"[^\u202f\s][;!?]| [;!?:»]|[^\u00a0:]:|« |n° |\b(?:de|du|que|le|la|à) \{\{ (?!closing)", bare)
            == []
        )
        assert re.findall(r"Ch(?:er|ère)|inscrit|malheureusement|'", bare) == []
    if locale == "pl":
        assert re.findall(r"\b[wziouaWZIOUA] ", re.sub(r"\{\{.*?\}\}", "", bare)) == []
        assert "Szanowni Państwo," in bare and "first_name" not in bare
        assert re.findall(r"niestety|Witam|wniosku \{\{|naborze \{\{", bare) == []
        assert "{{ closing_date }}." not in bare
    if locale == "es":
        assert re.findall(r"Estimad|lamentablemente|\b(?:el|los) \{\{ (?!closing)|\b[ye] \{\{", bare) == []
    if key == "rejection":
        assert not re.search(r"selected|selecciona|retenu|zakwalifik", variant.subject)
    assert bare.rstrip().endswith("{{ organisation_name }}")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_call_without_end_is_acknowledged_without_a_date(locale: str) -> None:
    made = {**values(sample_facts(locale, "P"), locale), "closing_date": ""}
    assert trees(default("acknowledgement", locale)).empty_fields(made) == []
    assert not re.search(
        r"closing date|plazo|date limite|Koniec naboru",
        render(default("acknowledgement", locale), made, BRAND, locale).text,
    )


@pytest.mark.parametrize("locale", LOCALES)
def test_the_return_link_is_a_letter_like_the_others(locale: str) -> None:
    variant = system.system_variant("return_link", locale)
    assert check(variant.subject, FIELDS) + check_body(variant.body, FIELDS) == []
    assert reduce(variant.body) == variant.body
    made = values(sample_facts(locale, "Passerelle"), locale)
    sent = render(variant, made, BRAND, locale)
    assert made["dossier_link"] in sent.text.split("\n")
    assert trees(variant).empty_fields(made) == []


def test_a_translation_cannot_smuggle_in_other_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_", lambda text: "{{ email }} {campaign_title} {% if x %} <b>")
    variant = system.system_variant("return_link", "en")
    assert trees(variant).fields() == {
        "campaign_title",
        "closing_date",
        "dossier_link",
        "organisation_name",
    }
    assert "&lt;b&gt;" in variant.body


def test_a_test_e_mail_says_so_in_its_subject() -> None:
    assert system.test_prefix("Hello", "en") == "[Test] Hello"


# ---------------------------------------------------------------------------------------------- pictures and the brand
def test_a_picture_has_its_whole_address_and_its_description_in_the_text() -> None:
    base = "https://portal.example.org"
    picture = f'<img src="/pictures/{"0" * 32}" alt="Our garden" width="520" height="260">'
    made = render(Variant("en", "Subject", body=reduce(picture)), {}, Brand("Passerelle", base=base), "en")
    [shown] = re.findall("<img [^>]*>", made.html)
    assert f'src="{base}/pictures/{"0" * 32}"' in shown and "max-width: 100%" in shown
    assert "[Our garden]" in made.text


def test_the_logo_stands_for_the_name_and_the_footer_is_in_the_letters_language() -> None:
    footer = (("en", "Registered charity 123\n<b>Ask us</b>"), ("pl", "KRS 123"))
    brand = Brand("Passe & Co", base="https://p.example", logo=Logo("/pictures/k", 120, 40), footer=footer)
    made = render(Variant("en", "Subject", body="<p>Hello</p>"), {}, brand, "en")
    assert '<img src="https://p.example/pictures/k" alt="Passe &amp; Co" width="120" height="40"' in made.html
    assert "Registered charity 123<br>&lt;b&gt;Ask us&lt;/b&gt;<br><br>You receive" in made.html
    assert "-- \nRegistered charity 123\n<b>Ask us</b>\nYou receive" in made.text
    assert "KRS" not in made.html
    assert "KRS 123" in render(Variant("pl", "Temat", body="<p>x</p>"), {}, brand, "pl").text

"""Words that translators would never see are found where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogs import outside


def words_outside(folder: Path, html: str) -> list[str]:
    (folder / "page.html").write_text(html)
    return [problem.what.split("“")[1].split("”")[0] for problem in outside.in_templates(folder)]


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>Save</p>", ["Save"]),
        ('<p>{{ _("Save") }}</p>', []),
        ('<a href="/campaigns/{{ id }}/emails" class="button outline">{{ _("Back") }}</a>', []),
        ('<input aria-label="Search" name="q">', ["Search"]),
        ('<input placeholder="{{ _("Name") }}" name="q">', []),
        ('<input type="submit" value="Send">', ["Send"]),
        ("{% if x %}Yes{% endif %}", ["Yes"]),
        ("{% block body_class %}narrow{% endblock %}", []),
        ('{% macro m() %} aria-invalid="true"{% endmacro %}', []),
        ("<code>Authorization: Bearer</code>", []),
        ("<b>Convoca</b> · 12 {{ n }} &nbsp; –", []),
    ],
)
def test_words_in_a_template_outside_gettext_are_found(tmp_path: Path, html: str, words: list[str]) -> None:
    assert words_outside(tmp_path, html) == words


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ('raise Refused("Choose a slug.")', ["Choose a slug."]),
        ('raise Refused(_("Choose a slug."))', []),
        ('see(request, "/", "It is saved.")', ["It is saved."]),
        ("""f"{clock} {_('No campaign is open.')}\"""", ["_('No campaign is open.')"]),
        ('f"{clock} {text}"', []),
        ("ngettext(one, many, n)", ["ngettext(one, many, n)"]),
        ('ngettext("{n} person", "{n} people", n)', []),
        ('pgettext("column", label)', ["pgettext('column', label)"]),
    ],
)
def test_words_in_code_that_the_extraction_misses_are_found(tmp_path: Path, code: str, texts: list[str]) -> None:
    (tmp_path / "portal").mkdir()
    (tmp_path / "portal" / "page.py").write_text(code)
    found = outside.in_code(tmp_path, ("portal",))
    assert [problem.what.split("“")[1].split("”")[0] for problem in found] == texts

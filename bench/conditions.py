"""The letter of `material.py` with conditions in it, as managers write them: half of the recipients take each branch.

Beside the fields of the plain letter two answers decide, `answer_partner` and `answer_advance`; each is given by every
other recipient, not by the same ones.
"""

from __future__ import annotations

from bench import material
from portal.emails.letters import Variant

FULL_NAME = "{% if first_name %}{{ first_name }} {{ last_name }}{% else %}{{ full_name }}{% endif %}"
GREETED = "{{ first_name }} {{ last_name }}"

# Per paragraph of the body, counted from the end: what stands around its text.
AROUND = {
    4: "{%% if answer_partner %%}{{ answer_partner }}. %s{%% else %%}%s{%% endif %%}",
    3: "{%% if answer_advance and answer_amount %%}{{ answer_advance }}: {{ answer_amount }}. %s"
    "{%% elif reply_before or closing_date %%}%s{%% endif %%}",
    2: "{%% if not answer_partner %%}{{ dossier_number }}: %s{%% else %%}%s{%% endif %%}",
    1: "{%% if sender_name %%}%s{%% else %%}%s{%% endif %%}",
}


def variants() -> dict[str, Variant]:
    """The letter by language: eight tests a message in the body, twice (html and text), and one in the subject."""
    return {locale: conditional(variant) for locale, variant in material.variants().items()}


def conditional(variant: Variant) -> Variant:
    """A variant with conditions around its greeting, its last four paragraphs, and in its subject."""
    parts = variant.body.split("<p>")
    for back, around in AROUND.items():
        text, end, rest = parts[-back].partition("</p>")
        parts[-back] = around % (text, text) + end + rest
    body = "<p>".join(parts).replace(GREETED, FULL_NAME, 1)
    subject = variant.subject.replace("{{ status }}", "{% if status %}{{ status }}{% else %}–{% endif %}")
    return Variant(variant.locale, subject, variant.preheader, body)


def values(n: int) -> dict[str, str]:
    """The n-th recipient's values, with the answers that decide."""
    decide = {
        "answer_partner": f"Łódź – {n}" if n // 4 % 2 else "",
        "answer_advance": f"{n}/2026" if n // 8 % 2 else "",
    }
    return material.values(n) | decide

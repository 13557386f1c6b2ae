"""Letters as they leave: subject, preheader, html and text, from one variant of a template and a person's values.

The work is done once per variant and brand colour (`compiled`): layout, styles made inline, text part, programs.
A message is then one run through four programs.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import css_inline
import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.emails import rules
from portal.emails.language import Node, fields_of, parse
from portal.emails.markup import BREAK, is_whole
from portal.emails.merge import MAX_LINE, Program, Values, empty_fields, program, run
from portal.emails.plain import to_text
from portal.i18n import _, use

FOLDER = Path(__file__).parent.parent.parent / "templates" / "letters"
LAYOUT = 1  # the layout new messages are planned with; older ones stay for letters that already say so
KEPT = 512  # compiled variants kept in memory, about 40 kB each
ROOM = 20  # a laid-out letter may be this much longer than what people may write
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
BUTTONS = {"dossier_link": "letter_open", "unsubscribe_link": "letter_stop"}
LISTS = frozenset({"missing_documents"})


class Variant(msgspec.Struct, frozen=True):
    """A template in one language. `body` is canonical html with merge fields; `system` names a letter of the system."""

    locale: str
    subject: str
    preheader: str = ""
    body: str = ""
    optional: bool = False
    system: str = ""


class Brand(msgspec.Struct, frozen=True):
    """Whose letter it is; read anew for every batch, so a change shows at once."""

    name: str
    colour: str = "#1f5c4d"
    postal_address: str = ""
    website: str = ""


class Rendered(msgspec.Struct, frozen=True):
    """A letter as one person gets it. `html` is a whole document; `text` ends with a line feed."""

    subject: str
    preheader: str
    html: str
    text: str


class Compiled(msgspec.Struct, frozen=True):
    """The four programs of a variant, and the trees that tell which fields it prints."""

    subject: Program
    preheader: Program
    html: Program
    text: Program
    trees: tuple[tuple[Node, ...], ...]

    def fields(self) -> frozenset[str]:
        """The fields that the letter may use, those of conditions too."""
        return frozenset(field.name for tree in self.trees for field in fields_of(tree))

    def empty_fields(self, values: Values) -> list[str]:
        """Fields that this message would print although they have no value."""
        return list(dict.fromkeys(name for tree in self.trees for name in empty_fields(tree, values)))


# ------------------------------------------------------------------------------------------------ one message
def render(variant: Variant, values: Values, brand: Brand, locale: str, layout: int = LAYOUT) -> Rendered:
    """One person's letter. `values` as `fields.values` makes them; unknown ones are ignored, missing ones empty."""
    made = compiled(variant, locale, brand.colour, layout)
    subject, preheader = subject_line(made.subject, values), subject_line(made.preheader, values)
    everything = {**values, **_layout_values(variant, brand, locale)}
    everything["letter_subject"], everything["letter_preheader"] = subject, preheader
    text = re.sub(r"\n{3,}", "\n\n", run(made.text, everything)).strip("\n")
    return Rendered(subject, preheader, run(made.html, everything), f"{text}\n")


def subject_line(made: Program, values: Values) -> str:
    """A subject or preheader: one line without control characters, at most MAX_LINE long."""
    return re.sub(r" {2,}", " ", run(made, values)).strip()[:MAX_LINE]


def empty_fields_of(variant: Variant, values: Values) -> list[str]:
    """Fields that would be printed empty: the reason `missing_merge_field`."""
    return compiled(variant, variant.locale, Brand("").colour).empty_fields(values)


def _layout_values(variant: Variant, brand: Brand, locale: str) -> dict[str, str]:
    with use(locale):
        return {
            "letter_why": _why(variant),
            "letter_open": _("Continue my application")
            if variant.system == "return_link"
            else _("Open my application"),
            "letter_stop": _("Unsubscribe"),
            "brand_name": brand.name,
            "brand_address": ", ".join(line.strip() for line in brand.postal_address.splitlines() if line.strip()),
            "brand_website": brand.website,
            "brand_host": re.sub(r"^https?://(www\.)?|/$", "", brand.website),
        }


def _why(variant: Variant) -> str:
    if variant.system == "return_link":
        return _("You receive this e-mail because this address was entered in an application form.")
    if variant.optional:
        return _("You receive this e-mail because we keep your address for news. You can opt out at any time.")
    return _("You receive this e-mail because it concerns an application that you submitted or that you follow.")


# ------------------------------------------------------------------------------------------------ once per variant
@lru_cache(maxsize=KEPT)
def compiled(variant: Variant, locale: str, colour: str, layout: int = LAYOUT) -> Compiled:
    """The programs of a variant. Raises Invalid if its texts do not follow the template language."""
    trees = parse(variant.subject), parse(variant.preheader), parse(variant.body)
    body = lone_lines(variant.body, lists=True)
    html = _laid_out(f"letter_v{layout}.html", lone_lines(body, buttons=True), variant, locale, colour)
    text = _laid_out(f"letter_v{layout}.txt", to_text(body), variant, locale, colour)
    return Compiled(
        program(trees[0], "line"),
        program(trees[1], "line"),
        program(parse(INLINER.inline(html), room=ROOM), "html"),
        program(parse(text, room=ROOM), "text"),
        trees,
    )


def _laid_out(name: str, body: str, variant: Variant, locale: str, colour: str) -> str:
    night = rules.readable_on(colour, rules.NIGHT_PAPER)
    environment = HTML_LAYOUTS if name.endswith(".html") else TEXT_LAYOUTS
    return environment.get_template(name).render(
        body=body,
        locale=locale,
        direction="rtl" if locale in RIGHT_TO_LEFT else "ltr",
        optional=variant.optional,
        brand=rules.readable_on(colour, rules.PAPER),
        button=colour,
        button_text=rules.text_on(colour),
        night=rules.NIGHT_PAPER,
        night_brand=night,
        night_button_text=rules.text_on(night),
    )


def lone_lines(body: str, *, buttons: bool = False, lists: bool = False) -> str:
    """A body whose link fields alone on their line are buttons, and list fields alone on theirs are lists."""

    def line_as_block(line: str) -> str | None:
        field = re.fullmatch(r"\s*\{\{\s*(\w+)\s*\}\}\s*", line)
        if field and buttons and field[1] in BUTTONS:
            return f'{BUTTON_START}<a href="{{{{ {field[1]} }}}}">{{{{ {BUTTONS[field[1]]} }}}}</a></td></tr></table>'
        if field and lists and field[1] in LISTS:
            return f"<ul>\n<li>{{{{ {field[1]} }}}}</li>\n</ul>"
        return None

    def paragraph(found: re.Match[str]) -> str:
        blocks: list[str] = []
        words: list[str] = []
        for line in found[1].split(BREAK):
            block = line_as_block(line)
            if block is None:
                words.append(line)
                continue
            blocks += [f"<p>{BREAK.join(words)}</p>"] if words else []
            blocks.append(block)
            words = []
        blocks += [f"<p>{BREAK.join(words)}</p>"] if words else []
        return "\n".join(blocks) if all(map(is_whole, blocks)) else found[0]

    return re.sub(r"<p>(.*?)</p>", paragraph, body, flags=re.DOTALL)


BUTTON_START = '<table role="presentation" class="button" cellpadding="0" cellspacing="0" border="0"><tr><td>'
INLINER = css_inline.CSSInliner(keep_style_tags=False, load_remote_stylesheets=False)


def _layouts(autoescape: bool) -> Environment:
    """Layouts write merge fields of their own, which are resolved together with those of the body."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=autoescape,  # noqa: S701 - the text part is no html
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals = {"merge": "{{{{ {} }}}}".format, "when": "{{% if {} %}}".format, "end": "{% endif %}"}
    return made


HTML_LAYOUTS, TEXT_LAYOUTS = _layouts(autoescape=True), _layouts(autoescape=False)

"""Letters as they leave: subject, preheader, html and text, from one variant of a template and a person's values.

The work is done once per variant and brand (`compiled`): layout, styles made inline, text part, functions. A message
is then one call of each function.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from pathlib import Path

import css_inline
import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.emails import rules
from portal.emails.language import Node, fields_of, parse
from portal.emails.markup import BREAK, is_whole
from portal.emails.merge import MAX_LINE, Values, empty_fields
from portal.emails.plain import to_text
from portal.emails.programs import (
    OctetProgram,
    Pieces,
    Program,
    octet_program,
    pieces,
    program,
    quoted_program,
    text_program,
)
from portal.i18n import _, use

FOLDER = Path(__file__).parent.parent.parent / "templates" / "letters"
LAYOUT = 1  # the layout new messages are planned with; older ones stay for letters that already say so
KEPT = 512  # compiled variants kept in memory, about 40 kB each
ROOM = 20  # a laid-out letter may be this much longer than what people may write
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
BUTTONS = {"dossier_link": "letter_open", "unsubscribe_link": "letter_stop"}
LISTS = frozenset({"missing_documents"})
PICTURE_HERE = '<img src="/pictures/'
BLANKS, BLANK_LINES = re.compile(" {2,}"), re.compile("\n{3,}")


class Variant(msgspec.Struct, frozen=True):
    """A template in one language. `body` is canonical html with merge fields; `system` names a letter of the system."""

    locale: str
    subject: str
    preheader: str = ""
    body: str = ""
    optional: bool = False
    system: str = ""


class Logo(msgspec.Struct, frozen=True):
    """The picture above letters: its path, and the pixels it takes there."""

    path: str
    width: int
    height: int


class Brand(msgspec.Struct, frozen=True):
    """Whose letter it is; read anew for every batch, so a change shows at once.

    `base`: the address that pictures are under. `footer` by locale: what stands under every letter.
    """

    name: str
    colour: str = "#1f5c4d"
    postal_address: str = ""
    website: str = ""
    base: str = ""
    logo: Logo | None = None
    footer: tuple[tuple[str, str], ...] = ()


class Rendered(msgspec.Struct, frozen=True):
    """A letter as one person gets it. `html` is a whole document; `text` ends with a line feed."""

    subject: str
    preheader: str
    html: str
    text: str


class Trees(msgspec.Struct, frozen=True):
    """What people wrote: subject, preheader and body, read once."""

    subject: tuple[Node, ...]
    preheader: tuple[Node, ...]
    body: tuple[Node, ...]

    def fields(self) -> frozenset[str]:
        """The fields that the letter may use, those of conditions too."""
        return frozenset(field.name for tree in self.all() for field in fields_of(tree))

    def empty_fields(self, values: Values) -> list[str]:
        """Fields that this message would print although they have no value: the reason `missing_merge_field`."""
        return list(dict.fromkeys(name for tree in self.all() for name in empty_fields(tree, values)))

    def all(self) -> tuple[tuple[Node, ...], ...]:
        """In the order of the letter."""
        return self.subject, self.preheader, self.body


class Compiled:
    """The functions of a laid-out variant. What is the same in every message of a brand is constant in them."""

    def __init__(self, trees: Trees, html: Pieces, text: Pieces) -> None:
        self.subject, self.preheader = program(trees.subject, "line"), program(trees.preheader, "line")
        self.html_pieces, self.text_pieces = html, text

    @cached_property
    def html(self) -> Program:
        """The html part, to be looked at."""
        return text_program(self.html_pieces)

    @cached_property
    def html_quoted(self) -> OctetProgram:
        """The html part in quoted-printable, as it is sent."""
        return quoted_program(self.html_pieces)

    @cached_property
    def text(self) -> Program:
        """The text part before blank lines are looked at."""
        return text_program(self.text_pieces)

    @cached_property
    def text_octets(self) -> OctetProgram:
        """The same as octets with CRLF."""
        return octet_program(self.text_pieces)

    @cached_property
    def text_quoted(self) -> OctetProgram:
        """The same in quoted-printable."""
        return quoted_program(self.text_pieces)

    def filled(self, values: Values) -> dict[str, str]:
        """The values with what the layout needs of this message."""
        subject, preheader = line(self.subject(values)), line(self.preheader(values))
        return {**values, "letter_subject": subject, "letter_preheader": preheader}

    def rendered(self, values: Values) -> Rendered:
        """One person's letter, to be looked at."""
        filled = self.filled(values)
        return Rendered(filled["letter_subject"], filled["letter_preheader"], self.html(filled), self.plain(filled))

    def plain(self, filled: Values) -> str:
        """The text part; ends with one line feed."""
        text = self.text(filled)
        if "\n\n\n" in text:
            text = BLANK_LINES.sub("\n\n", text)
        return text.strip("\n") + "\n"


# ------------------------------------------------------------------------------------------------ one message
def render(variant: Variant, values: Values, brand: Brand, locale: str, layout: int = LAYOUT) -> Rendered:
    """One person's letter. `values` as `fields.values` makes them; unknown ones are ignored, missing ones empty."""
    return compiled(variant, locale, brand, layout).rendered(values)


def subject_of(variant: Variant, values: Values) -> str:
    """The subject of one person's letter."""
    return line(subject_program(variant)(values))


def line(merged: str) -> str:
    """A subject or preheader: one line without control characters, at most MAX_LINE long."""
    return (BLANKS.sub(" ", merged) if "  " in merged else merged).strip()[:MAX_LINE]


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
            "brand_footer": dict(brand.footer).get(locale, ""),
            "brand_host": re.sub(r"^https?://(www\.)?|/$", "", brand.website),
        }


def _why(variant: Variant) -> str:
    if variant.system == "return_link":
        return _("You receive this e-mail because this address was entered in an application form.")
    if variant.system in ("invitation", "reset"):
        return _("You receive this e-mail because somebody entered this address for an account.")
    if variant.system:
        return _("You receive this e-mail because you look after the e-mails that leave from here.")
    if variant.optional:
        return _("You receive this e-mail because we keep your address for news. You can opt out at any time.")
    return _("You receive this e-mail because it concerns an application that you submitted or that you follow.")


# ------------------------------------------------------------------------------------------------ once per variant
@lru_cache(maxsize=KEPT)
def trees(variant: Variant) -> Trees:
    """What a variant consists of. Raises Invalid if its texts do not follow the template language."""
    return Trees(parse(variant.subject), parse(variant.preheader), parse(variant.body))


@lru_cache(maxsize=KEPT)
def subject_program(variant: Variant) -> Program:
    """The subject alone, for plans and lists."""
    return program(trees(variant).subject, "line")


@lru_cache(maxsize=KEPT)
def compiled(variant: Variant, locale: str, brand: Brand, layout: int = LAYOUT) -> Compiled:
    """The functions of a variant in a brand. Raises Invalid if its texts do not follow the template language."""
    written = trees(variant)
    body = lone_lines(variant.body, lists=True)
    shown = lone_lines(body, buttons=True).replace(PICTURE_HERE, f'<img src="{brand.base}/pictures/')
    html = _laid_out(f"letter_v{layout}.html", shown, variant, locale, brand)
    text = _laid_out(f"letter_v{layout}.txt", to_text(body), variant, locale, brand)
    same = _layout_values(variant, brand, locale)
    return Compiled(
        written,
        pieces(parse(INLINER.inline(html), room=ROOM), "html", same),
        pieces(parse(text, room=ROOM), "text", same),
    )


def _laid_out(name: str, body: str, variant: Variant, locale: str, brand: Brand) -> str:
    colour = brand.colour
    night = rules.readable_on(colour, rules.NIGHT_PAPER)
    environment = HTML_LAYOUTS if name.endswith(".html") else TEXT_LAYOUTS
    return environment.get_template(name).render(
        body=body,
        locale=locale,
        direction="rtl" if locale in RIGHT_TO_LEFT else "ltr",
        optional=variant.optional,
        base=brand.base,
        logo=brand.logo,
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

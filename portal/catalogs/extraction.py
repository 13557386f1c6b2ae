"""Which texts there are: read out of the code and the templates into locales/portal.pot."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).parent.parent.parent
SOURCES = {
    "portal": [("**.py", "python")],
    "workers": [("**.py", "python")],
    "templates": [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.svg", "jinja2")],
}
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
OPTIONS = {"**.html": {"silent": "false"}, "**.txt": {"silent": "false"}}


def extracted() -> Catalog:
    """All texts in use, with the file they stand in and the comments that begin with NOTE."""
    catalog = Catalog(domain="portal", charset="utf-8")
    for folder, methods in SOURCES.items():
        found = extract_from_dir(
            ROOT / folder, methods, OPTIONS, keywords=KEYWORDS, comment_tags=("NOTE",), strip_comment_tags=True
        )
        for name, _line, message, comments, context in found:
            catalog.add(message, locations=[(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    return catalog

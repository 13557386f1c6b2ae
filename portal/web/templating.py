"""Jinja2: one environment for all languages, strict about names, with what every template may use.

A lone block of a page sees neither top-level `set` nor `import`, so macros are globals (`forms.field`, `ui.status`),
and whatever belongs to one request is read from a context variable that `pages` sets while it renders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.runtime import Context
from litestar.utils.scope.state import ScopeState
from markupsafe import Markup, escape

from portal import formats, i18n
from portal.rich import rich
from portal.web.assets import Assets
from portal.web.htmx import Request
from portal.web.navigation import places

TEMPLATES = Path(__file__).parents[2] / "templates"
CSRF_FIELD, CSRF_HEADER = "_csrf_token", "X-CSRF-Token"
MACROS = {"forms": "components/forms.html", "ui": "components/ui.html", "lists": "components/lists.html"}
FORMATS = (
    *("number", "date_long", "date_table", "time_short", "date_time", "when", "day_heading", "duration"),
    *("zone_city", "zone_words", "list_and", "file_size"),
)
FIELD = re.compile(r"\{([a-z_]+)\}")
LINK = re.compile(r"&lt;a&gt;(.*?)&lt;/a&gt;", re.DOTALL)
PLAIN_TAG = re.compile(r"&lt;(/?)(strong|kbd)&gt;")

rendering: ContextVar[Request] = ContextVar("rendering")


def environment(assets: Assets, folders: Sequence[Path] = (TEMPLATES,)) -> Environment:
    """The environment with all globals and filters. Templates are read once (no reload)."""
    env = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(_texts() | _formats())
    env.globals.update(asset=assets.url, icon=icon_of(assets), url=url, places=places)
    env.globals.update(csrf=csrf_field, csrf_token=csrf_token)
    env.filters.update(_formats(), fill=fill, rich=rich)
    for name, template in MACROS.items():
        env.globals[name] = env.get_template(template).module
    return env


def lone_block(template: Template, name: str, variables: Mapping[str, Any]) -> str | None:
    """One block of a page, rendered alone; None when neither the template nor its parents have it.

    The parents' blocks are there too (`self.title()`, `super()`); top-level `set` and `import` are not.
    """
    context: Context = template.new_context(dict(variables))
    for parent in _parents(template):
        for each, block in parent.blocks.items():
            context.blocks.setdefault(each, []).append(block)
    blocks = context.blocks.get(name)
    return "".join(blocks[0](context)) if blocks else None


def _parents(template: Template) -> list[Template]:
    """The templates it extends by a constant name, nearest first; found once per template."""
    env, name = template.environment, template.name
    known: dict[str | None, list[Template]] = env.__dict__.setdefault("parents_of_templates", {})
    if name not in known:
        source = env.loader.get_source(env, name)[0] if env.loader and name else ""
        extends = env.parse(source).find(nodes.Extends)
        constant = extends.template.value if extends and isinstance(extends.template, nodes.Const) else None
        parent = env.get_template(constant) if constant else None
        known[name] = [parent, *_parents(parent)] if parent else []
    return known[name]


def _texts() -> dict[str, Any]:
    names = ("gettext", "ngettext", "pgettext", "npgettext", "text_in", "language_name", "autonym")
    return {"_": i18n.gettext, "languages": i18n.LOCALES} | {name: getattr(i18n, name) for name in names}


def _formats() -> dict[str, Any]:
    return {name: getattr(formats, name) for name in FORMATS}


def icon_of(assets: Assets) -> Any:
    """`icon("mail")`: a picture beside its word, hidden from screen readers."""
    sprite = assets.url("vendor/icons.svg")

    def icon(name: str) -> Markup:
        return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(sprite, name)

    return icon


def csrf_token() -> str:
    """The token that every unsafe request has to carry."""
    request = rendering.get()
    token = ScopeState.from_scope(request.scope).csrf_token
    # where no route was reached, the visitor's cookie is the token
    return token if isinstance(token, str) else request.cookies.get(request.app.state.csrf_cookie, "")


def csrf_field() -> Markup:
    """The hidden field for a form with method="post"."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, csrf_token())


def url(path: str, /, **query: Any) -> str:
    """A path with a query; None and "" are left out, lists repeat the name: `url("/dossiers", status=[1, 2])`."""
    pairs: list[tuple[str, Any]] = []
    for name, value in query.items():
        values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        pairs += [(name, each) for each in values if each not in (None, "")]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def fill(message: str, a: str | Sequence[str] | None = None, **values: Any) -> Markup:
    """Put values into a translated sentence: `_("Skipped: {n} <a>see why</a>")|fill(n=number(12), a="/why")`.

    Values are escaped. Of the sentence's own markup only `<strong>`, `<kbd>` and `<a>` live, without attributes;
    `a` gives the links' addresses in turn. A field without a value stays as it is, so that the house tests see it.
    """
    text = PLAIN_TAG.sub(r"<\1\2>", str(escape(str(message))))
    addresses = iter([a] if isinstance(a, str) else a or [])

    def link(match: re.Match[str]) -> str:
        address = next(addresses, None)
        return match[1] if address is None else f'<a href="{escape(address)}">{match[1]}</a>'

    def value(match: re.Match[str]) -> str:
        return str(escape(values[match[1]])) if match[1] in values else match[0]

    return Markup(FIELD.sub(value, LINK.sub(link, text)))  # noqa: S704 - every part has been escaped above

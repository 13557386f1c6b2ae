"""What every page has to obey, checked wherever a test fetches one."""

from __future__ import annotations

import re
from collections import Counter

from justhtml import JustHTML
from justhtml.dom import Element
from justhtml.parser.context import FragmentContext

UNFILLED = re.compile(r"(?<!\{)\{[a-z_]+\}(?!\})")
CONTROLS = "input, select, textarea"
NEEDS_NO_LABEL = ("hidden", "submit", "button", "image")
RUNS = re.compile(r"^(?:on\w+|style|hx-on.*|srcdoc)$")
INLINE = ("a", "abbr", "b", "code", "em", "i", "kbd", "span", "strong", "time", "wbr")
NO_PROSE = ("script", "textarea", "pre", "code", "template")


def check(text: str, where: str, *, whole: bool = True) -> None:
    """Assert that a page (or, with `whole=False`, a part of one) obeys all house rules."""
    broken = problems(parsed(text, whole), whole)
    assert not broken, f"{where}:\n  " + "\n  ".join(broken)


def parsed(text: str, whole: bool = True) -> JustHTML:
    """The document, or the fragment (which may be rows without their table)."""
    if whole:
        return JustHTML(text, collect_errors=True, sanitize=False)
    return JustHTML(text, collect_errors=True, sanitize=False, fragment_context=FragmentContext("template"))


def problems(document: JustHTML, whole: bool) -> list[str]:
    """All that is wrong, each in one line."""
    found = [f"not valid HTML: {error.code} in line {error.line}" for error in document.errors or []]
    if whole:
        found += _headings(document)
    return found + _ids(document) + _labels(document) + _forms(document) + _inline(document) + _words(document)


def _headings(document: JustHTML) -> list[str]:
    headings = document.query("h1")
    if len(headings) != 1:
        return [f"{len(headings)} h1 instead of one"]
    title = " ".join(document.query("title")[0].to_text().split())
    heading = " ".join(headings[0].to_text().split())
    found = [] if heading and heading in title else [f"the h1 “{heading}” is not in the title “{title}”"]
    language = document.query("html")[0].attrs.get("lang")
    return found if language in ("es", "fr", "pl", "en") else [*found, f"the page's language is {language}"]


def _ids(document: JustHTML) -> list[str]:
    ids = Counter(each.attrs["id"] for each in document.query("[id]"))
    found = [f"the id {name} stands {n} times" for name, n in ids.items() if n > 1]
    for attribute in ("aria-describedby", "aria-labelledby", "aria-controls"):
        for each in document.query(f"[{attribute}]"):
            missing = [name for name in (each.attrs[attribute] or "").split() if name not in ids]
            if missing and each.name != "dialog":  # the one dialog gets its heading with its content
                found.append(f"{attribute} names {', '.join(missing)}, which is not there")
    for each in document.query("a[href]"):
        target = each.attrs["href"] or ""
        if target.startswith("#") and target[1:] not in ids:
            found.append(f"the link {target} leads nowhere")
    return found


def _labels(document: JustHTML) -> list[str]:
    labelled = {each.attrs.get("for") for each in document.query("label[for]")}
    inside = {id(each) for each in document.query("label input, label select, label textarea")}
    found = []
    for each in document.query(CONTROLS):
        named = each.attrs.get("id") in labelled or id(each) in inside
        named = named or bool(each.attrs.get("aria-label") or each.attrs.get("aria-labelledby"))
        if not named and each.attrs.get("type") not in NEEDS_NO_LABEL:
            found.append(f"the control {each.attrs.get('name')} has no label")
    for each in document.query("button, a[href]"):
        if not (each.to_text().strip() or each.attrs.get("aria-label")):
            found.append(f"a {each.name} without words: {each.attrs}")
    return found


def _forms(document: JustHTML) -> list[str]:
    found = []
    for form in document.query("form"):
        action, method = form.attrs.get("action"), (form.attrs.get("method") or "").lower()
        if not action or method not in ("get", "post"):
            found.append(f"a form without action or method: {form.attrs}")
        elif method == "post" and not form.query('input[name="_csrf_token"]'):
            found.append(f"the form to {action} has no token")
        elif method == "post" and form.query("input[type=file]") and form.attrs.get("enctype") != "multipart/form-data":
            found.append(f"the form to {action} sends files, but is not multipart")
    return found


def _inline(document: JustHTML) -> list[str]:
    found = [f"an inline {each.name}" for each in document.query("script:not([src]), style")]
    for each in document.query("*"):
        found += [f"{each.name} has the attribute {name}" for name in each.attrs if RUNS.match(name)]
        for name in ("href", "src", "action", "hx-get", "hx-post"):
            if (each.attrs.get(name) or "").strip().lower().startswith(("javascript:", "data:text")):
                found.append(f"{each.name} {name}={each.attrs[name]}")
    return found


def _words(document: JustHTML) -> list[str]:
    return [f"a field without a value: {match}" for match in UNFILLED.findall(prose(document.root))]


def prose(node: Element) -> str:
    """The words people read: without scripts, code and what stands in boxes."""
    return " ".join(sentences(node))


def sentences(node: Element) -> list[str]:
    """The same in pieces: the text of one element with the words set off in it is one piece."""
    return [piece for piece in _marked(node).split("\0") if piece.strip()]


def _marked(node: Element) -> str:
    if node.name in NO_PROSE:
        return ""
    if node.name == "#text":
        return str(node.data or "")
    edge = "" if node.name in INLINE else "\0"
    return edge + "".join(_marked(child) for child in node.children or []) + edge

"""Texts that people would see but translators would not: words in templates and code outside gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from portal.catalogs.extraction import KEYWORDS, ROOT
from portal.catalogs.rules import Problem

READ_ALOUD = re.compile(r'\s(?:aria-label|title|placeholder|alt|label)="([^"]*)"')
BUTTON_VALUE = re.compile(r'<input[^>]*type="(?:submit|button)"[^>]*value="([^"]*)"')
MARKUP = re.compile(r"<!--.*?-->|<(style|code)\b.*?</\1>|<[^>]*>?|&[a-z]+;|&#\d+;", re.DOTALL)
UNSPOKEN = re.compile(r"""[\w:-]+=(?:"[^"]*"|'[^']*')|\S*/\S*""")  # attributes that a macro writes; paths
SILENT_BLOCKS = {"body_class"}  # blocks whose words are class names
WORD = re.compile(r"[^\W\d_]{2,}")
SAME_EVERYWHERE = {"Convoca", "English", "polski", "français", "español", "DOCTYPE", "html", "kbd", "xml", "svg"}
SPOKEN_CALLS = {"Refused", "Toast", "see"}  # calls whose literal text a person would read


def in_templates(folder: Path = ROOT / "templates") -> Iterator[Problem]:
    """Words that stand in a template as they are."""
    environment = Environment(autoescape=True)  # only parsed with, never rendered
    for path in sorted(folder.rglob("*.html")):
        tree = environment.parse(path.read_text())
        for line, text in _plain_data(tree):
            for word in _words(text):
                yield Problem(f"{path.relative_to(folder.parent)}:{line}", "outside", f"“{word}” is outside gettext")


def _plain_data(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """The template's own text in document order; expressions leave a digit behind, which is no word."""
    pieces: list[tuple[int, str]] = []
    silent = {id(node) for block in tree.find_all(nodes.Block) if block.name in SILENT_BLOCKS for node in block.body}
    for output in tree.find_all(nodes.Output):
        if id(output) in silent:
            continue
        for node in output.nodes:
            pieces.append((node.lineno, node.data if isinstance(node, nodes.TemplateData) else "0"))
    whole = "".join(text for _line, text in pieces)
    clean = _attributes_kept(whole)
    yield (pieces[0][0] if pieces else 1), clean


def _attributes_kept(html: str) -> str:
    """The html without markup, but with the attributes that are read aloud or shown."""
    spoken = [match[1] for pattern in (READ_ALOUD, BUTTON_VALUE) for match in pattern.finditer(html)]
    return UNSPOKEN.sub(" ", MARKUP.sub(" ", html)) + " " + " ".join(spoken)


def _words(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if word not in SAME_EVERYWHERE]


def in_code(root: Path = ROOT, folders: tuple[str, ...] = ("portal", "workers")) -> Iterator[Problem]:
    """Literal sentences handed to calls whose words people read, and texts that the extraction cannot see."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                for text in _unseen(node):
                    where = f"{path.relative_to(root)}:{getattr(node, 'lineno', 1)}"
                    yield Problem(where, "outside", f"“{text}” is outside gettext")


def _unseen(node: ast.AST) -> Iterator[str]:
    """Literals of calls that speak; texts where the extraction does not look: in an f-string, behind a variable."""
    if isinstance(node, ast.Call) and _name(node.func) in SPOKEN_CALLS:
        yield from _literals(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
        texts = node.args[: len(KEYWORDS[node.func.id] or (1,))]
        if not all(isinstance(text, ast.Constant) for text in texts):
            yield ast.unparse(node)
    if isinstance(node, ast.JoinedStr):
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and _name(call.func) in KEYWORDS:
                yield ast.unparse(call)


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _literals(call: ast.Call) -> Iterator[str]:
    """Sentences among the arguments: a literal with a space in it is meant to be read."""
    spoken = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("toast", "message", "text"))]
    for argument in spoken:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " in argument.value.strip():
            yield argument.value

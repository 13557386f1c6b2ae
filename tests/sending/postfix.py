"""A Postfix of the test's own: in a folder, on loopback ports, delivering into a Maildir. The system's stays alone."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path("/usr/sbin/postfix")
DOMAINS = ("people.example", "xn--w-uga1v8h.example")
NOBODY = 65_534
PATIENCE = 20.0
STATES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
UNPRIVILEGED = ("maildrop", "public", "pid")

# As strict as it can be told to be: what is not quite right is refused, not mended.
MAIN = """
compatibility_level = 3.6
config_directory = {home}/etc
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = /dev/stdout
myhostname = mx.people.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
alias_maps =
local_recipient_maps =
biff = no
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = error:nothing leaves this house
relay_transport = error:nothing leaves this house
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = static:all/
virtual_minimum_uid = 100
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
virtual_mailbox_limit = 0
smtputf8_enable = yes
strict_rfc821_envelopes = yes
strict_mime_encoding_domain = yes
strict_8bitmime_body = yes
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname
smtpd_sender_restrictions = reject_non_fqdn_sender
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_non_fqdn_recipient, reject_unauth_pipelining
smtpd_forbid_bare_newline = {bare}
"""
MASTER = """
{modern}  inet  n  -  n  -  -  smtpd
{old}  inet  n  -  n  -  -  smtpd
  -o smtpd_discard_ehlo_keywords=8bitmime,smtputf8
postlog  unix-dgram  n  -  n  -  1  postlogd
cleanup  unix  n  -  n  -  0  cleanup
qmgr  unix  n  -  n  300  1  qmgr
rewrite  unix  -  -  n  -  -  trivial-rewrite
bounce  unix  -  -  n  -  0  bounce
defer  unix  -  -  n  -  0  bounce
trace  unix  -  -  n  -  0  bounce
proxymap  unix  -  -  n  -  -  proxymap
anvil  unix  -  -  n  -  1  anvil
error  unix  -  -  n  -  -  error
virtual  unix  -  n  n  -  -  virtual
"""


def missing() -> str:
    """Why there can be no Postfix here; "" when there can."""
    if not PROGRAM.exists():
        return "Postfix is not installed"
    return "" if os.geteuid() == 0 else "Postfix can only be started by root"


@dataclass(frozen=True)
class Postfix:
    """`modern` offers 8BITMIME and SMTPUTF8; `old` offers neither."""

    home: Path
    modern: int
    old: int

    def letters(self) -> list[bytes]:
        """What has arrived, oldest first, with the line ends of the wire."""
        new = self.home / "mail" / "all" / "new"
        files = sorted(new.iterdir(), key=lambda path: path.stat().st_mtime_ns) if new.exists() else []
        return [path.read_bytes().replace(b"\n", b"\r\n") for path in files]

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.home / "log").read_text()


@contextmanager
def running() -> Iterator[Postfix]:
    """Started in the foreground as our child, and ended with everything it has started."""
    home = Path(tempfile.mkdtemp(prefix="convoca-postfix-", dir="/var/tmp"))
    try:
        made = _made(home)
        with (home / "log").open("wb") as log:
            command = [PROGRAM, "-c", home / "etc", "start-fg"]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0)
        try:
            _wait(made, process)
            yield made
        finally:
            _end(home, process)
    finally:
        shutil.rmtree(home)


def _end(home: Path, process: subprocess.Popen[bytes]) -> None:
    """Its master leads a session of its own, so that a signal to our child would not reach it."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((home / "queue" / "pid" / "master.pid").read_text()), signal.SIGTERM)
    process.wait(PATIENCE)


def _made(home: Path) -> Postfix:
    """Its folders, owned as it wants them, and its settings."""
    postfix, drop = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
    home.chmod(0o755)
    for name in ("etc", "queue", "data", "mail", *(f"queue/{each}" for each in (*STATES, *UNPRIVILEGED))):
        (home / name).mkdir(mode=0o755)
    for name in (*STATES, "../data"):
        os.chown(home / "queue" / name, postfix, 0)
    for name in ("maildrop", "public"):
        os.chown(home / "queue" / name, postfix, drop)
    os.chown(home / "mail", NOBODY, NOBODY)
    made = Postfix(home, *_ports())
    bare = "reject" if _knows("smtpd_forbid_bare_newline_reject_code") else "yes"
    settings = {"home": home, "domains": ", ".join(DOMAINS), "nobody": NOBODY, "bare": bare}
    (home / "etc" / "main.cf").write_text(MAIN.format(**settings))
    (home / "etc" / "master.cf").write_text(MASTER.format(modern=made.modern, old=made.old))
    return made


def _knows(parameter: str) -> bool:
    said = subprocess.run([PROGRAM.with_name("postconf"), "-d", parameter], capture_output=True, text=True)
    return said.stdout.startswith(parameter)


def _ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait(made: Postfix, process: subprocess.Popen[bytes]) -> None:
    """Until both ports greet."""
    deadline = time.monotonic() + PATIENCE
    for port in (made.modern, made.old):
        while not _greets(port):
            assert process.poll() is None and time.monotonic() < deadline, made.log
            time.sleep(0.05)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            return client.recv(4) == b"220 "
    except OSError:
        return False

"""A name server on loopback, so that look-ups are real: `server.records["example.org", "TXT"] = ['"v=spf1 -all"']`."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer(socketserver.ThreadingUDPServer):
    """Answers from `records`; a name in none of them does not exist. `fails`: names that it does not get to know."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Question)
        self.records: dict[tuple[str, str], list[str]] = {}
        self.fails: set[str] = set()

    @property
    def place(self) -> str:
        """For PORTAL_DNS."""
        return f"127.0.0.1:{self.server_address[1]}"

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """What is known."""
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.fails:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in {known for known, _kind in self.records}:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif texts := self.records.get((name, kind)):
            response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, texts))
        return response


class Question(socketserver.BaseRequestHandler):
    """One datagram."""

    server: NameServer

    def handle(self) -> None:
        data, connection = self.request
        wire = self.server.answer(dns.message.from_wire(data)).to_wire()
        connection.sendto(wire, self.client_address)


@contextmanager
def name_server() -> Iterator[NameServer]:
    """It runs within the block."""
    with NameServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

"""What a connection is fed from: who has its messages, and is told about them (portal.sending.dispatcher)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from portal.ledger.work import Work
from portal.sending.smtp import Envelope, Offer

if TYPE_CHECKING:
    from portal.sending.connection import SmtpConnection


class Feed(Protocol):
    """Where a connection gets its messages from and whom it tells about them."""

    def next(self, offer: Offer) -> tuple[Work, Envelope] | None:
        """The next message for a server that offers this; None: nothing to do."""

    def ask(self, connection: SmtpConnection, work: Work) -> None:
        """Permission for the dot, please."""

    def replied(self, work: Work, code: int, reply: str, *, dot: bool) -> None:
        """How a message ended."""

    def unanswered(self, work: Work) -> None:
        """The dot was written and the connection broke."""

    def sender_refused(self, work: Work, reply: str) -> None:
        """MAIL FROM was refused for good: nothing of this sender will pass."""

    def put_back(self, work: Work, *, broke: bool = False) -> None:
        """No dot was asked for: another connection may send it."""

    def withdraw(self, work: Work) -> None:
        """The dot was granted and not written."""

    def refused(self, work: Work, why: str) -> None:
        """The ledger says that it may not go."""

    def idle(self, connection: SmtpConnection) -> None:
        """Nothing to do."""

    def slow_down(self, work: Work | None = None) -> None:
        """The server asked for less, perhaps while it had the envelope of `work`."""

    def closed(self, connection: SmtpConnection) -> None:
        """The connection is gone."""

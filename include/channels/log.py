"""The log as a channel: needs no connection, and never fails."""

from __future__ import annotations

import logging

from include.logs import facts
from include.message import Message, Receipt
from include.store import Row

log = logging.getLogger(__name__)


class Log:
    """Writes each message as one line."""

    EDITS = False

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        """Never raises."""
        facts(log, "told", duty=message.duty, message=message.id, subject=message.subject, **message.content)
        return Receipt()

    def close(self) -> None:
        """Nothing is open."""

"""Ways to tell somebody: one file per channel, registered here by one line."""

from __future__ import annotations

from typing import Any, Protocol

from include.message import Message, Receipt

CHANNELS = {
    "email": "include.channels.email:Email",
    "log": "include.channels.log:Log",
}


class Channel(Protocol):
    """Delivers one message at a time; opened by the first, closed at the end of a drain."""

    def deliver(self, message: Message, body: dict[str, Any] | None) -> Receipt:
        """Hand the message over. Raises DeliveryError."""
        ...

    def close(self) -> None:
        """Let go of the connection; never raises."""
        ...

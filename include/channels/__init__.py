"""Ways to tell somebody: one file per channel, registered here by one line."""

from __future__ import annotations

from typing import Any, Protocol

from include.model import Message

CHANNELS = {
    "email": "include.channels.email:Email",
    "log": "include.channels.log:Log",
}


class Channel(Protocol):
    """Delivers one message at a time; opened by the first, closed at the end of a drain."""

    def deliver(self, message: Message, body: dict[str, Any] | None) -> str | None:
        """Hand the message over. Returns a remark on a delivery that was not whole. Raises DeliveryError."""
        ...

    def close(self) -> None:
        """Let go of the connection; never raises."""
        ...

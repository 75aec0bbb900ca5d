"""Ways to tell somebody: one file per channel. A line here registers it."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from include.message import Message, Receipt

CHANNELS = {
    "email": "include.channels.email:Email",
    "log": "include.channels.log:Log",
    "pagerduty": "include.channels.pagerduty:PagerDuty",
    "slack": "include.channels.slack:Slack",
    "sms": "include.channels.sms:Sms",
    "webhook": "include.channels.webhook:Webhook",
}


class Channel(Protocol):
    """Delivers one message at a time; opened by the first, closed at the end of a drain. `EDITS`: it can change what it showed."""

    EDITS: ClassVar[bool]

    def deliver(self, message: Message, body: dict[str, Any] | None) -> Receipt:
        """Hand the message over. Raises DeliveryError."""
        ...

    def close(self) -> None:
        """Let go of the connection; never raises."""
        ...

"""How much one receiver gets through one channel: a token bucket for each, kept in the store. Critical messages have a reserve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from include.config.alerts import Cap
from include.message import Message
from include.store import Store
from include.store.messages import Drainer

NOT_AT_ALL = timedelta(0)


@dataclass(frozen=True, slots=True)
class Caps:
    """The caps by channel. Only alerts are capped: a report is asked for, and reminders to owners are one a step."""

    by_channel: Mapping[Any, Cap]

    def pay(self, store: Store, drainer: Drainer, message: Message, now: datetime) -> Message:
        """Take a token for a message that was claimed; it takes along what was held back before it."""
        cap = self.by_channel.get(message.channel)
        if cap is None or message.template != "alert":
            return message
        place = {"channel": message.channel, "receiver": message.receiver}
        capacity, rate = cap.burst + cap.reserve, cap.messages / cap.per.total_seconds()
        tokens: float = store.value("messages.spend", **place, capacity=capacity, rate=rate, now=now)
        held = drainer.claim_along(message, now) if cap.digest else []
        waits = {"wait": wait(tokens, 1 + cap.reserve, rate), "critical_wait": wait(tokens, 1, rate)}
        if waits["wait"]:
            store.change("messages.cap", **place, **waits, words=in_words(cap), now=now)
        return with_held_back(message, held)


def wait(tokens: float, needed: float, rate: float) -> timedelta:
    """How long until there are so many tokens."""
    return timedelta(seconds=(needed - tokens) / rate) if tokens < needed else NOT_AT_ALL


def in_words(cap: Cap) -> str:
    """`1 message in 60 s for each receiver`."""
    return f"{cap.messages:g} message{'s' if cap.messages != 1 else ''} in {cap.per.total_seconds():g} s for each receiver"


def with_held_back(message: Message, held: list[dict[str, Any]]) -> Message:
    """The message, saying what else was held back."""
    if not held:
        return message
    urgent = min(message.priority, *(row["priority"] for row in held))
    content = {**message.content, "held_back": {"count": len(held), "subjects": [row["subject"] for row in held]}}
    return replace(message, content=content, subject=f"{message.subject} (+ {len(held)} more held back)", priority=urgent)


NO_CAPS = Caps({})

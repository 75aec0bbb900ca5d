"""How much one receiver gets through one channel: a token bucket for each, kept in the store. Critical messages have a reserve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from include.config.alerts import REMINDERS, Cap
from include.message import Message
from include.store import Store
from include.store.messages import Drainer

NOT_AT_ALL = timedelta(0)
# Shorter waits are not worth it, and fractions of a token must add up to one.
LEAST = timedelta(milliseconds=10)


@dataclass(frozen=True, slots=True)
class Caps:
    """The caps by channel, and that of owner reminders. A report is asked for: it has none."""

    by_name: Mapping[Any, Cap]

    def pay(self, store: Store, drainer: Drainer, message: Message, now: datetime) -> Message | None:
        """Take a token for a message that was claimed; it takes along what was held back before it. None, and it waits, when there is none.

        A repeat has paid already.
        """
        name = self.name_for(message)
        cap = self.by_name.get(name)
        if cap is None or message.possible_repeat:
            return message
        needed = 1 if message.is_critical else 1 + cap.reserve
        bucket: Any = store.one(
            "messages.spend", cap=name, receiver=message.receiver, capacity=cap.burst + cap.reserve, rate=rate(cap), needed=needed, now=now
        )
        if not bucket["granted"]:
            drainer.put_back(message, now)
            hold_back(store, cap, message, bucket["tokens"], now)
            return None
        return with_held_back(message, drainer.claim_along(message, now) if cap.digest else [])

    @staticmethod
    def name_for(message: Message) -> str | None:
        """The cap that counts for a message, if any may."""
        return {"alert": message.channel, "reminder": REMINDERS}.get(message.template)


def hold_back(store: Store, cap: Cap, message: Message, tokens: float, now: datetime) -> None:
    """Whatever of this kind waits for the receiver waits until there are tokens for it."""
    store.change(
        "messages.cap",
        channel=message.channel,
        receiver=message.receiver,
        template=message.template,
        wait=wait(tokens, 1 + cap.reserve, cap),
        critical_wait=wait(tokens, 1, cap),
        spacing=NOT_AT_ALL if cap.digest else cap.per / cap.messages,
        words=in_words(cap),
        now=now,
    )


def rate(cap: Cap) -> float:
    """Tokens a second."""
    return cap.messages / cap.per.total_seconds()


def wait(tokens: float, needed: float, cap: Cap) -> timedelta:
    """How long until there are so many tokens."""
    return max(timedelta(seconds=(needed - tokens) / rate(cap)), LEAST) if tokens < needed else NOT_AT_ALL


def in_words(cap: Cap) -> str:
    """`1 message in 60 s for each receiver`."""
    return f"{cap.messages:g} message{'s' if cap.messages != 1 else ''} in {cap.per.total_seconds():g} s for each receiver"


def with_held_back(message: Message, held: list[dict[str, Any]]) -> Message:
    """The message, saying what else was held back."""
    if not held:
        return message
    urgent = min(message.priority, *(row["priority"] for row in held))
    told = [{name: row[name] for name in ("key", "group_key")} for row in held]
    content = {**message.content, "held_back": {"count": len(held), "subjects": [row["subject"] for row in held], "messages": told}}
    return replace(message, content=content, subject=f"{message.subject} (+ {len(held)} more held back)", priority=urgent)


NO_CAPS = Caps({})

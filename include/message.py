"""What one receiver is told through one channel, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from include.failures import DeliveryError

# What was tried so often, and is so old, is given up.
MOST_ATTEMPTS, LONGEST_WAIT = 10, timedelta(days=1)
# The other side may ask for so long a pause.
LONGEST_PAUSE = timedelta(hours=1)


class Urgency:
    """The order in which messages leave: critical first, bulk (owner reminders) last."""

    CRITICAL = 0
    NORMAL = 1
    BULK = 2


class MessageState(StrEnum):
    """Where a message stands; `uncertain`: a crash hid whether the receiver has it, so it counts as told and is sent again."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"
    SUPPRESSED = "suppressed"
    SUPERSEDED = "superseded"
    UNCERTAIN = "uncertain"
    NOT_CONFIGURED = "not_configured"
    NO_RECEIVER = "no_receiver"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell one receiver through one channel. `content` is what its template needs, never rendered text.

    `reason`: why it is told. `ref`: what the channel returned for the message told before it in this queue, {} when there is none.
    `accepted`: those of its receivers who have it already.
    """

    id: int
    key: str
    duty: str
    channel: str
    receiver: str
    group_key: str
    priority: int
    template: str
    reason: str
    subject: str
    content: Mapping[str, Any]
    attempts: int
    possible_repeat: bool
    accepted: Sequence[str]
    report_id: int | None
    created_at: datetime
    ref: Mapping[str, Any]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Message:
        """From a row of `messages.claim_head`."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    @property
    def groups(self) -> list[str]:
        """Of what it tells: its own, and those of the messages that a cap held back and that leave with it."""
        held = self.content.get("held_back") or {}
        return [self.group_key, *(row["group_key"] for row in held.get("messages", ()))]

    @property
    def is_critical(self) -> bool:
        """Whether it goes before all others."""
        return self.priority == Urgency.CRITICAL


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a channel says of a delivery. `remark`: what was not whole about it. `ref`: by what it can be edited or answered to later."""

    remark: str | None = None
    ref: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt to deliver. `why`: the error, or a remark on a delivery that was not whole.

    `accepted`: those of several receivers who have it. `outage`: the channel itself is at fault, not this receiver; `misconfigured`: our
    side of it is. `retry_after`: when the other side wants to be asked again. `ref`: what the channel returned for it.
    `keyed`: a receiver who may have it knows a repeat.
    """

    state: MessageState
    why: str | None = None
    accepted: Sequence[str] = ()
    outage: bool = False
    retry_after: timedelta | None = None
    ref: Mapping[str, Any] = field(default_factory=dict)
    keyed: bool = False
    misconfigured: bool = False

    @classmethod
    def of(cls, error: DeliveryError) -> Outcome:
        """A failed attempt: over, to be repeated, or perhaps delivered and to be repeated all the same.

        Where our side is at fault, no message is: each waits until somebody has mended it.
        """
        again = MessageState.UNCERTAIN if error.uncertain else MessageState.PENDING
        state = MessageState.FAILED if error.permanent and not error.misconfigured else again
        why = f"misconfigured: {error}" if error.misconfigured else str(error)
        retry_after = error.retry_after and min(error.retry_after, LONGEST_PAUSE)
        return cls(state, why, error.accepted, error.outage, retry_after, keyed=error.keyed, misconfigured=error.misconfigured)

    @property
    def again(self) -> bool:
        """Whether it is to be tried again."""
        return self.state in (MessageState.PENDING, MessageState.UNCERTAIN)

    @property
    def channel_failed(self) -> bool:
        """Whether it says something of the channel, and nothing of the message or its receiver."""
        return self.outage or self.misconfigured or self.retry_after is not None

    def given_up(self, message: Message, now: datetime) -> Outcome:
        """The same, and over for a message that was tried often enough for long enough."""
        if not self.again or message.attempts < MOST_ATTEMPTS or now - message.created_at < LONGEST_WAIT:
            return self
        return replace(self, state=MessageState.FAILED, why=f"given up after {message.attempts} attempts: {self.why}")

"""Delivery: intent is committed before an attempt, its outcome after it; one transaction records an outcome and claims the next."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.breakers import Breakers, Change
from include.caps import NO_CAPS, Caps
from include.channels import Channel
from include.failures import DeliveryError
from include.logs import facts
from include.message import Message, MessageState, Outcome, Urgency
from include.model import Clock
from include.store import Row, Store
from include.store.messages import Drainer, adopt_orphans

log = logging.getLogger(__name__)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
# A receiver that twice may or may not have had a message is not asked again at once.
AFTER_TWO_DOUBTS = timedelta(days=1)


@dataclass(slots=True)
class Drain:
    """One drain of the outbox. `bulk_open`: whether owner reminders may leave at a moment; `caps`: how much one receiver gets."""

    store: Store
    channels: Mapping[str, Channel]
    bulk_open: Callable[[datetime], bool]
    clock: Clock
    until: datetime
    caps: Caps = NO_CAPS
    urgencies: Sequence[int] = (Urgency.CRITICAL, Urgency.NORMAL, Urgency.BULK)
    delivered: Counter[str] = field(default_factory=Counter)
    breakers: Breakers = field(init=False)

    def __post_init__(self) -> None:
        self.breakers = Breakers(self.store)

    def run(self) -> dict[str, int]:
        """Send what is due until nothing is, or time is up. Returns how many ended in which state."""
        self.breakers = Breakers.of(self.store)
        drainer = Drainer.enrol(self.store)
        try:
            adopt_orphans(self.store, self.clock())
            with self.store.transaction():
                message = self.claim(drainer)
            while message:
                message = self.send(drainer, message)
        finally:
            for channel in self.channels.values():
                channel.close()
            drainer.leave()
        return dict(self.delivered)

    def send(self, drainer: Drainer, message: Message) -> Message | None:
        """Attempt one message, record what came of it, and claim the next in the same transaction."""
        outcome = attempt(self.channels[message.channel], message, self.body(message)).given_up(message, self.clock())
        self.count(message, outcome)
        with self.store.transaction():
            change = self.record(drainer, message, outcome)
            claimed = self.claim(drainer)
        if change is Change.BROKEN:
            self.look_for_another_way(message.channel)
        elif change is Change.MENDED:
            self.take_up_again(message.channel)
        return claimed

    def record(self, drainer: Drainer, message: Message, outcome: Outcome) -> Change:
        """Write the outcome down; what it has changed for its channel.

        What was planned behind an alert that did not arrive is planned anew: who was not told of a problem is not told of its end.
        """
        now = self.clock()
        lost = message.template == "alert" and outcome.state is not MessageState.SENT
        if lost:
            self.store.change("groups.wake", keys=message.groups, now=now)
        done = drainer.finish(message, outcome, now + pause(message, outcome) if outcome.again else now, now)
        if lost and outcome.state is not MessageState.UNCERTAIN:
            self.store.change("messages.withdraw_followers", ids=done, now=now)
        return self.breakers.note(message, outcome, now)

    def look_for_another_way(self, channel: str) -> None:
        """What cannot leave through this channel is to be told through another."""
        with self.store.transaction():
            keys = [row["key"] for row in self.store.many("messages.waiting_groups", channel=channel)]
            self.store.change("groups.wake", keys=keys, now=self.clock())

    def take_up_again(self, channel: str) -> None:
        """What was given up while this channel did not work is told through it after all, as far as it is still true."""
        with self.store.transaction():
            keys = [row["key"] for row in self.store.many("messages.given_up", channel=channel)]
            self.store.change("groups.wake", keys=keys, now=self.clock())
            self.store.change("messages.revive", channel=channel, keys=keys)
            self.store.change("messages.revive_reminders", channel=channel, now=self.clock())

    def claim(self, drainer: Drainer) -> Message | None:
        """The next message that its receiver may get now, unless time is up."""
        now = self.clock()
        if now >= self.until:
            return None
        urgencies = [one for one in self.urgencies if one != Urgency.BULK or self.bulk_open(now)]
        while message := drainer.claim(urgencies, list(self.channels), now):
            if paid := self.caps.pay(self.store, drainer, message, now):
                return paid
        return None

    def body(self, message: Message) -> Row | None:
        """The report that the message carries, if it carries one."""
        return self.store.one("messages.body", report_id=message.report_id) if message.report_id else None

    def count(self, message: Message, outcome: Outcome) -> None:
        """Keep the tally, and say in the log what did not go well."""
        self.delivered["postponed" if outcome.again else str(outcome.state)] += 1
        if outcome.why:
            facts(
                log,
                "not delivered" if outcome.state is not MessageState.SENT else "delivered in part",
                message=message.id,
                channel=message.channel,
                state=outcome.state,
                why=outcome.why,
            )


def attempt(channel: Channel, message: Message, body: Row | None) -> Outcome:
    """Hand one message to its channel. A sick message neither stops nor loops the rest."""
    try:
        receipt = channel.deliver(message, body)
        return Outcome(MessageState.SENT, receipt.remark, ref=receipt.ref)
    except DeliveryError as error:
        return Outcome.of(error)
    except Exception as error:  # outermost loop: content that cannot be sent must not stop every message behind it
        log.exception("message %s cannot be made", message.id)
        return Outcome(MessageState.FAILED, f"{type(error).__name__}: {error}")


def pause(message: Message, outcome: Outcome) -> timedelta:
    """How long to wait before the next attempt: doubling from 30 s to a quarter of an hour, longer after two doubts."""
    if outcome.state is MessageState.UNCERTAIN and message.possible_repeat and not outcome.keyed:
        return AFTER_TWO_DOUBTS
    if outcome.retry_after:
        return outcome.retry_after
    return min(FIRST_PAUSE * (1 << min(message.attempts - 1, 10)), LONGEST_PAUSE)

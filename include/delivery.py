"""Delivery: intent is committed before an attempt, its outcome after it; one transaction records an outcome and claims the next."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.channels import Channel
from include.failures import DeliveryError
from include.logs import facts
from include.model import Clock, Message, MessageState, Outcome, Priority
from include.store import Row, Store
from include.store.messages import Drainer

log = logging.getLogger(__name__)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
# A receiver that twice may or may not have had a message is not asked again at once.
AFTER_TWO_DOUBTS = timedelta(days=1)
# A channel that is out of order so often in a row rests until the next drain.
TRIES_BEFORE_REST = 3


@dataclass(slots=True)
class Drain:
    """One drain of the outbox. `bulk_open`: whether owner reminders may leave at a moment."""

    store: Store
    channels: Mapping[str, Channel]
    bulk_open: Callable[[datetime], bool]
    clock: Clock
    until: datetime
    delivered: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def run(self) -> dict[str, int]:
        """Send what is due until nothing is, or time is up. Returns how many ended in which state."""
        drainer = Drainer.enrol(self.store)
        try:
            drainer.adopt_orphans(self.clock())
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
        outcome = attempt(self.channels[message.channel], message, self.body(message))
        self.count(message, outcome)
        with self.store.transaction():
            now = self.clock()
            due_at = now + pause(message, outcome) if outcome.again else now
            drainer.finish(message, outcome, due_at, now)
            return self.claim(drainer)

    def claim(self, drainer: Drainer) -> Message | None:
        """The next message, unless time is up."""
        now = self.clock()
        if now >= self.until:
            return None
        priorities = [Priority.CRITICAL, Priority.NORMAL, *([Priority.BULK] if self.bulk_open(now) else [])]
        return drainer.claim(priorities, self.open, now)

    def body(self, message: Message) -> Row | None:
        """The report that the message carries, if it carries one."""
        return self.store.one("messages.body", report_id=message.report_id) if message.report_id else None

    @property
    def open(self) -> Sequence[str]:
        """The channels to send through: those that have what they need, and did not just fail too often in a row."""
        return [channel for channel in self.channels if self.failures[channel] < TRIES_BEFORE_REST]

    def count(self, message: Message, outcome: Outcome) -> None:
        """Keep the tally, and say in the log what did not go well."""
        self.failures[message.channel] = self.failures[message.channel] + 1 if outcome.outage else 0
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


def drain_together(drains: Sequence[Drain]) -> dict[str, int]:
    """Several drains at once, each over connections of its own. Whatever ends one ends the others after the message in hand."""
    with ThreadPoolExecutor(len(drains)) as pool:
        futures = [pool.submit(drain.run) for drain in drains]
        try:
            return dict(sum((Counter(future.result()) for future in futures), Counter[str]()))
        except BaseException:  # a task that is told to stop, too
            for drain in drains:
                drain.until = drain.clock()
            raise


def attempt(channel: Channel, message: Message, body: Row | None) -> Outcome:
    """Hand one message to its channel. A sick message neither stops nor loops the rest."""
    try:
        return Outcome(MessageState.SENT, channel.deliver(message, body))
    except DeliveryError as error:
        return Outcome.of(error)
    except Exception as error:  # outermost loop: content that cannot be sent must not stop every message behind it
        log.exception("message %s cannot be made", message.id)
        return Outcome(MessageState.FAILED, f"{type(error).__name__}: {error}")


def pause(message: Message, outcome: Outcome) -> timedelta:
    """How long to wait before the next attempt: doubling from 30 s to a quarter of an hour, longer after two doubts."""
    if outcome.state is MessageState.UNCERTAIN and message.possible_repeat:
        return AFTER_TWO_DOUBTS
    return min(FIRST_PAUSE * (1 << min(message.attempts - 1, 10)), LONGEST_PAUSE)

"""Lanes: each channel that has something to send is drained by itself, so that a receiver that hangs keeps no other channel waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from include.channels import CHANNELS, Channel
from include.delivery import Drain
from include.failures import DeliveryError
from include.message import Message, Receipt
from include.store import Row, Store

# With so many messages due, so many drainers work on a channel at once: most of a drainer's time is waiting for a disk and a server.
MUCH, DRAINERS = 100, 2
# So many seconds a look waits for what it has begun to send; what takes longer goes on without it.
PATIENCE = 2.0


@dataclass(slots=True)
class Lazily:
    """A channel that is opened by its first message. One whose connection cannot be used is misconfigured."""

    EDITS: ClassVar[bool] = False

    make: Callable[[], Channel]
    opened: Channel | None = None

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        """Hand the message over. Raises DeliveryError."""
        if self.opened is None:
            try:
                self.opened = self.make()
            except (ValueError, TypeError, AttributeError) as error:  # its words may hold what the connection keeps secret
                raise DeliveryError(f"the connection cannot be used: {type(error).__name__}", permanent=True, misconfigured=True) from None
        return self.opened.deliver(message, body)

    def close(self) -> None:
        """Let go of it, if it was opened."""
        if self.opened:
            self.opened.close()


def busy(store: Store, channels: Mapping[str, object], urgencies: Sequence[int], now: datetime) -> list[str]:
    """The channels that have something to send; one that has much is named once for each drainer."""
    rows = store.many("messages.lanes", channels=list(channels), priorities=list(urgencies), now=now, most=MUCH)
    return [row["channel"] for row in rows for _ in range(DRAINERS if row["messages"] == MUCH else 1)]


def drain_together(drains: Sequence[Drain]) -> dict[str, int]:
    """Several drains at once, each over connections of its own. Whatever ends one ends the others after the message in hand."""
    with ThreadPoolExecutor(max(len(drains), 1)) as pool:
        futures = [pool.submit(drain.run) for drain in drains]
        try:
            return dict(sum((Counter(future.result()) for future in futures), Counter[str]()))
        except BaseException:  # a task that is told to stop, too
            for drain in drains:
                drain.until = drain.clock()
            raise


@dataclass(slots=True)
class Lanes:
    """Drains that go on while their owner looks at other things, one at a time for each channel.

    `open_drain` is entered in the thread of the lane.
    """

    open_drain: Callable[[str], AbstractContextManager[Drain]]
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(len(CHANNELS), "lane"))
    running: dict[str, Future[int]] = field(default_factory=dict)
    drains: dict[str, Drain] = field(default_factory=dict)

    def send(self, channels: Sequence[str]) -> int:
        """Drain these channels, those left out that are being drained; how many messages were sent, as far as that is known by now."""
        begun = {channel: self.pool.submit(self.drain, channel) for channel in {*channels} - self.running.keys()}
        self.running |= begun
        wait(begun.values(), PATIENCE)
        return self.ended()

    def ended(self) -> int:
        """How many messages the drains have sent that have come to their end. Raises what ended them."""
        over = [channel for channel, future in self.running.items() if future.done()]
        return sum(self.running.pop(channel).result() for channel in over)

    def drain(self, channel: str) -> int:
        """Send what is due; how many messages were sent."""
        with self.open_drain(channel) as drain:
            self.drains[channel] = drain
            return drain.run().get("sent", 0)

    def close(self) -> None:
        """No message more than those in hand; each drain closes what it has opened."""
        for drain in self.drains.values():
            drain.until = drain.clock()
        self.pool.shutdown(wait=False, cancel_futures=True)

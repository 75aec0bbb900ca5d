"""Watching: look when something is due or the store rings, as the only one who does, and say whether anybody should look at the log.

A watcher's `look` is given a store and its lease; what it writes, it writes in a transaction in which it holds the lease.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from include.logs import facts
from include.model import Clock
from include.store import Store
from include.store.leases import Lease, LeaseLost

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
BEAT = timedelta(seconds=5)
HEARTBEAT = timedelta(seconds=60)
# What is due and cannot be done yet, as behind a message that waits, is no reason to ask without a pause.
LEAST = timedelta(seconds=1)
RING = "monitoring_due"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to: whether it changed anything that a run should show, and when the next thing is due, if that is known."""

    news: bool
    next_at: datetime | None = None


class Watch(Protocol):
    """What a watcher does."""

    def look(self, lease: Lease) -> Look:
        """Look once, and write what is to be written while holding the lease; within less than LEASE. Raises LeaseLost."""
        ...

    def close(self) -> None:
        """Begin nothing more."""
        ...


@dataclass(slots=True)
class Watching:
    """One watcher in one process. Blocks: it belongs into a thread. `bell`: a connection of its own that listens."""

    name: str
    holder: str
    store: Store
    bell: Store
    watch: Watch
    clock: Clock
    heartbeat: Callable[[], None] = lambda: None
    heard_at: datetime | None = None
    lease: Lease | None = None
    next_at: datetime | None = field(default=None)

    def listen(self) -> None:
        """Hear it when something may have become due."""
        self.bell.connection.execute(f"listen {RING}")

    def look(self) -> bool:
        """Look once, if this is the one who watches; whether there was anything that a run should show."""
        try:
            if not self.is_mine():
                return False
            look = self.watch.look(self.lease)  # type: ignore[arg-type]  # is_mine() says that there is one
        except LeaseLost as lost:
            facts(log, "lease lost", watcher=self.name, why=lost)
            self.lease = None
            return False
        self.next_at = look.next_at
        return look.news

    def is_mine(self) -> bool:
        """Whether this is the one who watches; whoever is, is heard of. Raises LeaseLost."""
        if self.lease:
            self.lease.renew(self.store)
        else:
            self.lease = Lease.take(self.store, self.name, self.holder, LEASE)
            if self.lease:
                facts(log, "watching", watcher=self.name, fence=self.lease.fence)
        if self.lease:
            self.be_heard()
        return self.lease is not None

    def be_heard(self) -> None:
        """Tell somebody outside, now and then, that somebody watches."""
        now = self.clock()
        if self.heard_at is None or now - self.heard_at >= HEARTBEAT:
            self.heard_at = now
            self.heartbeat()

    def wait(self) -> None:
        """Until the store rings, something is due, or it is time to be heard of."""
        wait = BEAT if self.next_at is None else min(max(self.next_at - self.clock(), LEAST), BEAT)
        for _ in self.bell.connection.notifies(timeout=wait.total_seconds(), stop_after=1):
            pass

    def close(self) -> None:
        """Let somebody else watch, as far as the store still listens."""
        self.watch.close()
        try:
            if self.lease:
                self.lease.give_back(self.store)
        finally:
            self.store.connection.close()
            self.bell.connection.close()

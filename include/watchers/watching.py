"""Watching: look when something is due or the store rings, as the only one who does, and say whether anybody should look at the log.

A watcher's `look` is given a store and its lease; what it writes, it writes in a transaction in which it holds the lease.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

import psycopg

from include.failures import first_line
from include.logs import facts
from include.model import Clock, is_due
from include.store import Store
from include.store.leases import Lease, LeaseLost

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
BEAT = timedelta(seconds=5)
HEARTBEAT = timedelta(seconds=60)
# A store that takes longer is not there: less than half a lease, so that what is critical can still be told without it.
LIMIT = timedelta(seconds=10)
# Whoever does nothing within a transaction for so long hangs; it holds the lease's row, and with it the lease, past its end.
HUNG = timedelta(seconds=20)
# What is due and cannot be done yet, as behind a message that waits, is no reason to ask without a pause.
LEAST = timedelta(seconds=1)
RING = "monitoring_due"
# No answer; a standby that takes no writes; a transaction that the server ended since this process hung.
STORE_AWAY = psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IdleInTransactionSessionTimeout


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to: whether it changed anything that a run should show, and when the next thing is due, if that is known."""

    news: bool
    next_at: datetime | None = None


class Watch(ABC):
    """What a watcher does. All of it is about what stands in the store, unless it says otherwise."""

    listens: ClassVar[bool] = True
    """Whether it waits for the store's bell. Whoever has it rung must hear it, or the store keeps every ring for them."""

    @abstractmethod
    def look(self, lease: Lease) -> Look:
        """Look once, and write what is to be written while holding the lease; within less than LIMIT. Raises LeaseLost."""

    def wait(self, bell: Store, seconds: float) -> None:
        """Until there may be something to look at, at most so many seconds."""
        for _ in bell.connection.notifies(timeout=seconds, stop_after=1):
            pass

    def held(self, until: datetime) -> None:  # noqa: B027  most have nothing to do
        """The store has answered, and nobody else watches until then."""

    def goes_on(self) -> bool:
        """The store is away: do what can be done without it; whether anything can."""
        return False

    def others(self) -> None:  # noqa: B027
        """The store answers, and somebody else watches."""

    def close(self) -> None:  # noqa: B027
        """Begin nothing more."""


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
    held_until: datetime | None = None
    away: bool = False

    def prepare(self) -> None:
        """Hear it when something may have become due, and hold nobody up: whoever hangs in a transaction loses it."""
        self.store.connection.execute(f"set idle_in_transaction_session_timeout = '{HUNG.total_seconds():g}s'")
        if self.watch.listens:
            self.bell.connection.execute(f"listen {RING}")

    def look(self) -> bool:
        """Look once, if this is the one who watches; whether there was anything that a run should show."""
        try:
            if self.away:
                self.come_back()
            with self.store.cut_after(LIMIT.total_seconds()):
                return self.look_as_the_only_one()
        except LeaseLost as lost:
            facts(log, "lease lost", watcher=self.name, why=lost)
            self.lease = None
            return False
        except STORE_AWAY as error:
            return self.without_store(error)

    def look_as_the_only_one(self) -> bool:
        """Look once, unless somebody else watches. Raises LeaseLost."""
        if not self.is_mine():
            self.watch.others()
            return False
        look = self.watch.look(self.lease)  # type: ignore[arg-type]  # is_mine() says that there is one
        self.be_heard()
        self.watch.held(self.held_until or self.clock())
        self.next_at = look.next_at
        return look.news

    def without_store(self, error: psycopg.Error) -> bool:
        """Go on as far as that is possible without the store. Raises the error where it is not."""
        if not self.watch.goes_on():
            raise error
        if not self.away:
            facts(log, "store unreachable", watcher=self.name, why=first_line(error))
        self.away = True
        return False

    def come_back(self) -> None:
        """Try whether the store answers. Raises psycopg.OperationalError."""
        self.store.reconnect()
        self.bell.reconnect()
        self.prepare()
        self.away = False
        facts(log, "the store answers again", watcher=self.name)

    def is_mine(self) -> bool:
        """Whether this is the one who watches. Raises LeaseLost."""
        self.held_until = self.clock() + LEASE
        if self.lease:
            self.lease.renew(self.store)
        else:
            self.lease = Lease.take(self.store, self.name, self.holder, LEASE)
            if self.lease:
                facts(log, "watching", watcher=self.name, fence=self.lease.fence)
        return self.lease is not None

    def be_heard(self) -> None:
        """Tell somebody outside, now and then, that somebody watches."""
        now = self.clock()
        if is_due(HEARTBEAT, self.heard_at, now):
            self.heard_at = now
            threading.Thread(target=self.heartbeat, daemon=True).start()  # whoever listens may be slow

    def wait(self) -> None:
        """Until the store rings, something is due, or it is time to be heard of."""
        wait = BEAT if self.next_at is None else min(max(self.next_at - self.clock(), LEAST), BEAT)
        self.watch.wait(self.bell, LEAST.total_seconds() if self.away else wait.total_seconds())

    def close(self) -> None:
        """Let somebody else watch, as far as the store still listens."""
        self.watch.close()
        try:
            if self.lease:
                self.lease.give_back(self.store)
        finally:
            self.store.connection.close()
            self.bell.connection.close()

"""The watcher of the outbox: who has to be told something by now, and what is due to leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.lanes import Lanes
from include.model import Clock
from include.store import Store
from include.store.leases import Lease
from include.store.messages import adopt_orphans
from include.watchers.watching import Look, Watch


@dataclass(frozen=True)
class Escalating(Watch):
    """Escalations, repeats, retries, ended silences and acknowledgements, at the moment at which they are due.

    `channels`: those that there are at present; `plan` looks at the groups that are due, and returns how many there were; `busy`: the
    channels that have something to send. Owner reminders are left to their duty.
    """

    store: Store
    clock: Clock
    channels: Callable[[], Sequence[str]]
    plan: Callable[[], int]
    busy: Callable[[], Sequence[str]]
    lanes: Lanes

    def look(self, lease: Lease) -> Look:
        """One look. It is short, however long a receiver takes: who waits for that is a lane."""
        adopt_orphans(self.store, self.clock())
        next_at = self.next_at()
        if next_at is None or next_at > self.clock():
            return Look(bool(self.lanes.ended()), next_at)
        with self.store.transaction():
            lease.hold(self.store)
            planned = self.plan()
        sent = self.lanes.send(self.busy())
        return Look(bool(planned or sent), self.next_at())

    def next_at(self) -> datetime | None:
        """When the next thing is due."""
        moment: datetime | None = self.store.value("groups.next_due", channels=list(self.channels()))
        return moment

    def close(self) -> None:
        """Let the lanes come to their end."""
        self.lanes.close()

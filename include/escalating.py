"""The watcher of the outbox: who has to be told something by now, and what is due to leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from include.store import Store
from include.store.leases import Lease
from include.watching import Look


@dataclass(frozen=True, slots=True)
class Escalating:
    """Escalations, repeats, retries, ended silences and acknowledgements, at the moment at which they are due.

    `plan` looks at the groups that are due, `drain` sends; both return how much there was. Owner reminders are left to their duty.
    """

    store: Store
    channels: Sequence[str]
    plan: Callable[[], int]
    drain: Callable[[], int]

    def look(self, lease: Lease) -> Look:
        """One look."""
        with self.store.transaction():
            lease.hold(self.store)
            planned = self.plan()
        sent = self.drain()
        next_at = self.store.value("groups.next_due", channels=list(self.channels))
        return Look(bool(planned or sent), next_at)

"""Who watches: one process at a time for each watcher, and proof of it in every transaction that writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from include.store import Store
from include.store.text import dumps


class LeaseLost(Exception):
    """Somebody else watches now: what this one was about to write is not written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to watch, for so long. `fence` grows with every holder."""

    watcher: str
    fence: int
    lasts: timedelta

    @classmethod
    def take(cls, store: Store, watcher: str, holder: str, lasts: timedelta) -> Lease | None:
        """The lease; None while somebody else has it."""
        fence = store.value("leases.take", watcher=watcher, holder=holder, lasts=lasts)
        return cls(watcher, fence, lasts) if fence else None

    def renew(self, store: Store) -> None:
        """Keep it. Raises LeaseLost."""
        if not store.change("leases.renew", watcher=self.watcher, fence=self.fence, lasts=self.lasts):
            raise LeaseLost(f"{self.watcher} is watched by somebody else now")

    def hold(self, store: Store) -> None:
        """Make sure, to the end of the transaction, that nobody else has it. Raises LeaseLost."""
        if store.value("leases.hold", watcher=self.watcher, fence=self.fence) is None:
            raise LeaseLost(f"{self.watcher} is watched by somebody else now")

    def give_back(self, store: Store) -> None:
        """Let somebody else watch at once."""
        store.change("leases.give_back", watcher=self.watcher, fence=self.fence)

    def position(self, store: Store, name: str) -> Any:
        """Where the watcher stands; None at the beginning."""
        return store.value("leases.position", watcher=self.watcher, name=name)

    def move(self, store: Store, name: str, position: Any) -> None:
        """Where it stands from now on, committed with what was seen up to there."""
        store.change("leases.move", watcher=self.watcher, name=name, position=dumps(position))

"""Channels that are out of order: after some failures in a row a channel rests, then one message tries whether it works again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from include.message import Message, MessageState, Outcome
from include.store import Row, Store

# So many outages in a row, and the channel rests.
MOST = 3


@dataclass(slots=True)
class Breakers:
    """How the channels stand, as this drainer knows; the store is told of every change."""

    store: Store
    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> Breakers:
        """As the store has it."""
        return cls(store, {row["channel"]: row for row in store.many("messages.breakers")})

    def may_try(self, channel: str, now: datetime) -> bool:
        """Whether a message may leave: the channel works, or it is time to try."""
        row = self.rows.get(channel)
        return row is None or row["opened_at"] is None or row["probe_at"] <= now

    @property
    def resting(self) -> frozenset[str]:
        """The channels that do not work, being tried or not."""
        return frozenset(channel for channel, row in self.rows.items() if row["opened_at"])

    def note(self, message: Message, outcome: Outcome, now: datetime) -> bool:
        """Take an outcome into account; whether a channel has just been found out of order."""
        channel = message.channel
        if outcome.outage:
            rested = channel in self.resting
            self.rows[channel] = self.store.one("messages.trip", channel=channel, why=(outcome.why or "")[:300], most=MOST, now=now) or {}
            return not rested and channel in self.resting
        if channel in self.rows and outcome.state is MessageState.SENT:
            self.store.change("messages.mend", channel=channel)
            del self.rows[channel]
        return False

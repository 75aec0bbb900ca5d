"""Channels that are out of order: after some failures in a row a channel rests, then one message tries whether it works again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from include.message import Message, MessageState, Outcome
from include.store import Row, Store

# So many outages in a row, and the channel rests. Where our side is at fault, one says it all; of a message that twice may or may not have
# arrived, a third attempt would come too late.
MOST, DOUBTS, AT_ONCE = 3, 2, 1
# A pause that is longer than this is an outage for whoever waits for a message.
LONG_PAUSE = timedelta(minutes=5)


class Change(StrEnum):
    """What an outcome has changed for its channel."""

    NONE = "none"
    BROKEN = "broken"
    MENDED = "mended"


@dataclass(slots=True)
class Breakers:
    """How the channels stand, as this drainer knows; the store is told of every change, and lets nothing leave through one that rests."""

    store: Store
    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> Breakers:
        """As the store has it."""
        return cls(store, {row["channel"]: row for row in store.many("messages.breakers")})

    @property
    def resting(self) -> frozenset[str]:
        """The channels that do not work, being tried or not."""
        return frozenset(channel for channel, row in self.rows.items() if row["opened_at"])

    def note(self, message: Message, outcome: Outcome, now: datetime) -> Change:
        """Take an outcome into account; what that has changed for its channel."""
        channel, why, change = message.channel, (outcome.why or "")[:300], Change.NONE
        if outcome.outage or says_all(outcome):
            change = self.trip(channel, why, most(message, outcome), now)
        if outcome.retry_after:
            self.rows[channel] = self.store.one("messages.pause", channel=channel, why=why, until=now + outcome.retry_after) or {}
        elif channel in self.rows and outcome.state is MessageState.SENT:
            change = self.mend(channel, now)
        return change

    def trip(self, channel: str, why: str, most: int, now: datetime) -> Change:
        """A message did not arrive, and the channel is at fault."""
        rested = channel in self.resting
        self.rows[channel] = self.store.one("messages.trip", channel=channel, why=why, most=most, now=now) or {}
        return Change.BROKEN if not rested and channel in self.resting else Change.NONE

    def mend(self, channel: str, now: datetime) -> Change:
        """A message has arrived."""
        mended = self.store.one("messages.mend", channel=channel, now=now)
        if mended:
            del self.rows[channel]
        return Change.MENDED if mended and mended["rested"] else Change.NONE


def says_all(outcome: Outcome) -> bool:
    """Whether one such failure is enough: a person must mend the channel, or it says itself that it takes nothing for long."""
    return outcome.misconfigured or (outcome.retry_after is not None and outcome.retry_after > LONG_PAUSE)


def most(message: Message, outcome: Outcome) -> int:
    """How many failures in a row are enough."""
    if says_all(outcome):
        return AT_ONCE
    return DOUBTS if message.possible_repeat and outcome.state is MessageState.UNCERTAIN else MOST


def in_words(row: Row | None, now: datetime) -> str:
    """How a channel stands that has its connection: `ready`, or since when it does not work and why, or until when it pauses."""
    if row and row["opened_at"]:
        kind = "" if row["why"].startswith("misconfigured") else "out of order: "
        return f"{kind}{row['why']} (since {row['opened_at']:%Y-%m-%d %H:%M} UTC)"
    if row and row["probe_at"] and row["probe_at"] > now:
        return f"ready, and pauses until {row['probe_at']:%H:%M:%S} UTC: {row['why']}"
    return "ready"

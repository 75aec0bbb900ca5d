"""The outbox."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from include.message import Message, MessageState, Outcome, Urgency
from include.model import Run
from include.store import Row, Store
from include.store.text import dumps, storable

LOCK_CLASS = 0x5EC0E7
# No receiver may take so long to accept a message: whoever still sends it is stopped, and may wake.
LONGEST_ATTEMPT = timedelta(minutes=15)
# So long a message waits for whoever is just about to change what stands before it.
A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is not in the outbox yet. `key` is its identity: the same key is queued once."""

    key: str
    channel: str
    receiver: str
    group_key: str
    template: str
    subject: str
    content: Row
    report_id: int | None = None
    priority: int = Urgency.NORMAL


def queue(store: Store, run: Run, draft: Draft, standing: tuple[MessageState, str | None], now: datetime) -> int:
    """Queue it unless it has left or waits to: 1 or 0. An older one of the same receiver and group that never left is superseded."""
    state, error = standing
    fields = {name: getattr(draft, name) for name in draft.__dataclass_fields__}
    fields |= {"content": Jsonb(draft.content), "subject": storable(draft.subject), "receiver": storable(draft.receiver)}
    return len(store.many("messages.queue", **fields, duty=run.duty, state=state, error=error, now=now))


def adopt_orphans(store: Store, now: datetime) -> int:
    """What a drainer left half-sent that is dead, or hangs, becomes uncertain; how many."""
    return store.change("messages.adopt_orphans", lock_class=LOCK_CLASS, now=now, hangs_since=now - LONGEST_ATTEMPT)


@dataclass(frozen=True, slots=True)
class Drainer:
    """A claim on messages that lasts as long as this process's connection; after it, they count as uncertain."""

    store: Store
    number: int

    @classmethod
    def enrol(cls, store: Store) -> Drainer:
        """Take a number."""
        return cls(store, store.value("messages.enrol", lock_class=LOCK_CLASS))

    def leave(self) -> None:
        """Give the number back. A connection that is gone has done so already."""
        with suppress(psycopg.OperationalError):
            self.store.one("messages.leave", lock_class=LOCK_CLASS, drainer=self.number)

    def claim(self, priorities: Sequence[int], channels: Sequence[str], now: datetime) -> Message | None:
        """The next message that may leave, marked as being sent; None when there is none."""
        scope = {"drainer": self.number, "priorities": list(priorities), "channels": list(channels), "now": now}
        while row := self.store.one("messages.claim_head", **scope):
            message = Message.from_row(row)
            if not row["doubts"] or self.settle(message, now):
                return message
        return None

    def settle(self, message: Message, now: datetime) -> bool:
        """What is in doubt before this message counts as told, and leaves no more. False, and this one waits, while somebody holds it."""
        queue = {"channel": message.channel, "receiver": message.receiver, "group_key": message.group_key}
        still_there: int = self.store.value("messages.settle", **queue, id=message.id, now=now)
        if still_there:
            self.put_back(message, now + A_MOMENT)
        return not still_there

    def put_back(self, message: Message, due_at: datetime) -> None:
        """A message that was claimed and cannot leave before then."""
        self.store.change("messages.put_back", id=message.id, drainer=self.number, due_at=due_at)

    def claim_along(self, message: Message, now: datetime) -> list[Row]:
        """What a cap held back from the same receiver, to leave as part of this message: rows of id, group_key, subject, priority."""
        place = {"channel": message.channel, "receiver": message.receiver, "group_key": message.group_key}
        return self.store.many("messages.claim_along", **place, id=message.id, drainer=self.number, now=now)

    def told(self, row: Row, at: datetime) -> int | None:
        """A message that left at a moment without having been in the outbox, as being sent; its id, None when its key is known."""
        fields = {name: row[name] for name in ("key", "duty", "channel", "receiver", "group_key", "priority", "subject", "alert_id")}
        words = {"content": dumps(row["content"]), "tells": row["tells"] and dumps(row["tells"]), "reason": str(row["reason"])}
        number: int | None = self.store.value("messages.told", **fields, **words, drainer=self.number, at=at)
        return number

    def finish(self, message: Message, outcome: Outcome, due_at: datetime, now: datetime) -> list[int]:
        """Record the outcome. Returns the ids of the messages that it concerns; none when they were taken from this drainer meanwhile."""
        done = self.store.many(
            "messages.finish",
            id=message.id,
            drainer=self.number,
            state=outcome.state,
            again=outcome.again,
            refused=outcome.state is MessageState.FAILED and not outcome.channel_failed,
            due_at=due_at,
            error=outcome.why and storable(outcome.why)[:1000],
            accepted=list(outcome.accepted),
            ref=dumps(dict(outcome.ref)),
            channel_failed=outcome.channel_failed,
            now=now,
        )
        return [row["id"] for row in done]

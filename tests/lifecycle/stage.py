"""A stage for the life of alerts: the real store, the real dispatch and drain, and receivers that only keep what they get."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from include.acting.actions import Actions
from include.caps import NO_CAPS, Caps
from include.config.alerts import Alerts
from include.config.settings import Settings
from include.delivery import Drain
from include.dispatch import Dispatch
from include.evaluating import Evaluating
from include.failures import DeliveryError
from include.message import Message, MessageState, Receipt
from include.model import Alert, Level, Run, Traits, Verdict
from include.people.addressing import Recipient
from include.store import Row, Store
from include.store.groups import Place
from tests.conftest import NOW

ALWAYS_SEEN = "ops"
numbers = itertools.count(1)
REFUSALS = {
    "outage": DeliveryError("connection refused", permanent=False, outage=True),
    "wrong key": DeliveryError("the key is not accepted", permanent=True, misconfigured=True),
    "too many": DeliveryError("answers 429", permanent=False, retry_after=timedelta(minutes=2)),
    "overloaded": DeliveryError("answers 503", permanent=False, outage=True, retry_after=timedelta(minutes=2)),
    "far too many": DeliveryError("answers 429", permanent=False, retry_after=timedelta(days=1)),
    "not now": DeliveryError("not now", permanent=False),
    "never": DeliveryError("no such receiver", permanent=True),
}


@dataclass(frozen=True)
class Got:
    """What a receiver got: all that the checker may look at."""

    key: str
    place: Place
    group: str
    good: bool
    repeat: bool
    at: datetime
    message: Message

    @property
    def things(self) -> dict[str, str]:
        """How bad which things are, as the message says."""
        return {alert["labels"]["target"]: alert["severity"] for alert in self.message.content["alerts"]}


@dataclass
class Receivers:
    """A channel whose receivers keep everything; it fails on demand: a crash kills the sender before or after a message was taken."""

    got: list[Got] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    crashes: int = 0
    clock: Callable[[], datetime] = lambda: NOW

    def deliver(self, message: Message, body: Row | None) -> Receipt:
        failure = self.failures.pop(0) if self.failures else ""
        if failure == "crash before":
            self.crashes += 1
            raise SystemExit
        if failure in REFUSALS:
            raise REFUSALS[failure]
        self.keep(message)
        if failure == "crash after":
            self.crashes += 1
            raise SystemExit
        if failure == "in doubt":
            self.crashes += 1
            raise DeliveryError("no answer came", permanent=False, uncertain=True)
        return Receipt(ref={"id": str(next(numbers))})

    def keep(self, message: Message) -> None:
        good = message.content["severity"] == "success"
        place = (message.channel, message.receiver)
        self.got.append(Got(message.key, place, message.group_key, good, message.possible_repeat, self.clock(), message))

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Table:
    """Who is told, as a plain table: receivers of every alert, and steps of (after, receiver). The test moves it as it likes."""

    receivers: list[Recipient] = field(default_factory=lambda: [recipient(ALWAYS_SEEN)])
    matrix: list[tuple[timedelta, Recipient]] = field(default_factory=list)
    editing: frozenset[str] = frozenset()
    traits_of_all: Traits = field(default_factory=lambda: Traits(damp=False))
    quiet_until: datetime | None = None

    def routes(self, alert: Alert, now: datetime) -> Sequence[Recipient]:
        return [replace(one, held_until=self.quiet_until) for one in self.receivers]

    def steps(self, alert: Alert) -> Sequence[tuple[datetime, Sequence[Recipient]]]:
        since = alert.unattended_since
        return [(since + after, [replace(one, held_until=self.quiet_until)]) for after, one in self.matrix] if since else []

    def known(self, place: Place, person: str | None, now: datetime) -> Recipient:
        return replace(recipient(place[1]), channel=place[0], held_until=self.quiet_until)

    def standing(self, channel: str, receiver: str | None) -> tuple[MessageState, str | None]:
        return MessageState.PENDING, None

    def edits(self, channel: str) -> bool:
        return channel in self.editing

    def link(self, duty: str) -> str | None:
        return None

    def traits(self, duty: str, rule: str) -> Traits:
        return self.traits_of_all


def recipient(name: str, channel: str = "email") -> Recipient:
    """A receiver by name."""
    return Recipient(channel, name, None, None, "the test", "UTC")


@dataclass
class Stage:
    """One installation. Time moves only when the test says so."""

    store: Store
    now: datetime = NOW
    settings: Settings = field(default_factory=Settings)
    table: Table = field(default_factory=Table)
    receivers: Receivers = field(default_factory=Receivers)
    caps: Caps = NO_CAPS

    def __post_init__(self) -> None:
        self.receivers.clock = lambda: self.now

    def configure(self, **alerts: Any) -> None:
        """Other settings below `alerts`; as whoever watches does then, look at everything that is open."""
        self.settings = Settings(alerts=Alerts(**alerts))
        with self.store.transaction():
            keys = [row["key"] for row in self.store.many("groups.open_keys")]
            Dispatch(self.store, self.settings, self.table, self.now).groups(keys)

    def judge(self, name: str, level: Level, *, ago: float = 0, summary: str = "", progress: int = 0, **labels: str) -> None:
        """A verdict on one thing, so many seconds old."""
        self.judge_all([self.verdict(name, level, ago, summary, progress, **labels)])

    def verdict(self, name: str, level: Level, ago: float = 0, summary: str = "", progress: int = 0, **labels: str) -> Verdict:
        """What a rule finds."""
        at = self.now - timedelta(seconds=ago)
        return Verdict("duty", "rule", {"target": name, **labels}, level, at, summary or f"{name} is {level}", progress)

    def judge_all(self, verdicts: Sequence[Verdict]) -> None:
        """Verdicts of one run, in one transaction."""
        evaluating = Evaluating((), self.settings, self.table, None, lambda: self.now)
        with self.store.transaction():
            judged = [(self.table.traits_of_all, verdict) for verdict in verdicts]
            evaluating.apply(self.store, judged, Run("duty", f"run {next(numbers)}", self.now, timedelta(minutes=1)), self.now)

    @property
    def actions(self) -> Actions:
        """What people can do."""
        return Actions(self.store, self.settings, self.table, self.now)

    def drain(self) -> None:
        """What is due is looked at and sent, as far as the sender lives; the next one goes on."""
        self.plan()
        self.send()

    def plan(self) -> None:
        """Look at what is due."""
        with self.store.transaction():
            Dispatch(self.store, self.settings, self.table, self.now).due()

    def send(self) -> None:
        """Send what is due, as far as the sender lives."""
        channels = dict.fromkeys(("email", "slack", "pagerduty"), self.receivers)
        with suppress(SystemExit):
            Drain(self.store, channels, lambda now: True, lambda: self.now, self.now + timedelta(minutes=5), self.caps).run()

    def later(self, seconds: float) -> None:
        """Time passes, and whoever sends does so at every moment at which something is due; less often where that does not help."""
        end, patience = self.now + timedelta(seconds=seconds), timedelta(seconds=1)
        while (due := self.next_due()) and max(due, self.now + patience) < end:
            patience = timedelta(seconds=1) if due > self.now else 2 * patience
            self.now = max(due, self.now + patience)
            self.drain()
        self.now = end
        self.drain()

    def next_due(self) -> datetime | None:
        """When something is due next."""
        moment: datetime | None = self.store.value("groups.next_due", channels=["email", "slack", "pagerduty"])
        return moment

    def told(self, receiver: str = ALWAYS_SEEN) -> list[str]:
        """The reasons for which a receiver was told, in order, repeats left out."""
        return [got.message.reason for got in once(self.receivers.got) if got.place[1] == receiver]

    def titles(self, receiver: str = ALWAYS_SEEN) -> list[str]:
        """The subjects that a receiver got."""
        return [got.message.subject for got in once(self.receivers.got) if got.place[1] == receiver]

    def alerts(self) -> list[Row]:
        """All alerts, oldest first."""
        return self.store.connection.execute("select * from alert order by id").fetchall()

    def messages(self) -> list[Row]:
        """All messages, oldest first."""
        return self.store.connection.execute("select * from message order by id").fetchall()


def once(got: Sequence[Got]) -> list[Got]:
    """What was got, without what came again because a sender died."""
    seen: dict[str, Got] = {}
    for one in got:
        seen.setdefault(one.key, one)
    return list(seen.values())


def by_queue(got: Sequence[Got]) -> Mapping[tuple[Place, str], list[Got]]:
    """{(receiver, group): what they got, in order}."""
    queues: dict[tuple[Place, str], list[Got]] = {}
    for one in got:
        queues.setdefault((one.place, one.group), []).append(one)
    return queues

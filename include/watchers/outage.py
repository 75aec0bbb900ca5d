"""Watching while the store is away: what has just become critical, and its end, is told from memory for as long as the lease lasts.

Everything else is measured, and told when the store is back. At most one message about a problem and one about its end go to a receiver
in an outage: nobody who cannot write down what they told may tell it over and over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from include.alerting import next_state
from include.channels import Channel
from include.config.settings import Settings
from include.delivery import attempt
from include.dispatch import Directory, Dispatch
from include.evaluating import Evaluating, Judged, priority_of
from include.grouping import Named, named
from include.lanes import Lazily
from include.message import Message, MessageState, Outcome, Urgency
from include.model import Alert, Level, Run, Severity, State, Traits, Verdict
from include.planning import Planning
from include.silences.silencing import Suppression
from include.silences.windows import standing
from include.store import Row, Store, alerts, groups
from include.store.groups import Group, Place
from include.store.messages import Drainer
from include.telling import Known

MARK = "(store unreachable)"
Openers = Mapping[str, Callable[[], Channel]]


@dataclass(frozen=True, slots=True)
class Memory:
    """What a watcher knew when the store last answered, at `since`. `directory` asks no store; `lease_until`: then others may watch.

    `open`: the open alerts, by fingerprint.
    """

    settings: Settings
    directory: Directory
    suppression: Suppression
    open: Mapping[str, Alert]
    channels: Openers
    since: datetime
    lease_until: datetime

    @classmethod
    def of(cls, store: Store, settings: Settings, directory: Directory, channels: Openers, now: datetime, lease_until: datetime) -> Memory:
        """As the store has it now."""
        known = alerts.open_alerts(store)
        suppression = Suppression(standing(store, now), settings.alerts, known, now)
        return cls(settings, directory, suppression, {alert.fingerprint: alert for alert in known}, channels, now, lease_until)


@dataclass
class Episode:
    """One problem that began without the store: its verdicts, and who was told of it. `told`: what left, what came of it, and when."""

    traits: Traits
    name: Named
    alert: Alert
    opened: Verdict
    ended: Verdict | None = None
    known: dict[Place, Known] = field(default_factory=dict)
    told: list[tuple[Message, Row, Outcome, datetime]] = field(default_factory=list)


@dataclass
class Outage:
    """One time without the store."""

    memory: Memory
    episodes: dict[str, Episode] = field(default_factory=dict)

    def judge(self, judged: Sequence[Judged], now: datetime) -> int:
        """Tell what is newly critical, and the end of what was told so; how many messages left."""
        if not self.memory.since <= now < self.memory.lease_until:  # also where the clock was set back, and says nothing of the lease
            return 0
        moved = [episode for traits, verdict in judged if (episode := self.follow(traits, verdict))]
        return sum(self.tell(episode, now) for episode in moved)

    def split(self, most: int) -> tuple[Outage, Outage | None]:
        """The first so many of its episodes, and the rest, if there is one."""
        episodes = list(self.episodes.items())
        return Outage(self.memory, dict(episodes[:most])), Outage(self.memory, dict(episodes[most:])) if episodes[most:] else None

    def follow(self, traits: Traits, verdict: Verdict) -> Episode | None:
        """The episode that a verdict begins or ends; None where it does neither."""
        episode = self.episodes.get(verdict.fingerprint)
        if episode is None:
            return self.begin(traits, verdict)
        if episode.ended or verdict.level is not Level.OK:
            return None
        episode.ended = verdict
        episode.alert = replace(episode.alert, state=State.RESOLVED, resolution=verdict.summary, changed_at=verdict.as_of)
        return episode

    def begin(self, traits: Traits, verdict: Verdict) -> Episode | None:
        """An episode of what is critical, was not before, and would fire at once."""
        fires, before = next_state(None, verdict, traits).after is State.FIRING, self.memory.open.get(verdict.fingerprint)
        if not fires or (before and before.is_critical):
            return None
        name = named(verdict, traits, self.memory.settings.alerts)
        if before and before.group_key:
            name = replace(name, key=before.group_key)  # what is open stays where it is, however the configuration groups now
        alert = alert_of(-1 - len(self.episodes), verdict, traits, name, self.memory.settings)
        return self.episodes.setdefault(verdict.fingerprint, Episode(traits, name, alert, verdict)) if alert.is_critical else None

    def tell(self, episode: Episode, now: datetime) -> int:
        """Send what the plan says; how many messages left. How a group of several ends can only be said with the store."""
        if episode.ended and self.is_one_of_many(episode):
            return 0
        name = episode.name
        group = Group(name.key, name.duty, name.rule, name.labels, episode.known, {}, {}, [episode.alert])
        suppression = replace(self.memory.suppression, now=now)
        plan = Planning(self.memory.settings, self.memory.directory, suppression, now).plan(group)
        due = [row for row in plan.messages if row["state"] == MessageState.PENDING and row["priority"] == Urgency.CRITICAL]
        return sum(self.send(episode, row, now) for row in due if row["channel"] in self.memory.channels)

    def is_one_of_many(self, episode: Episode) -> bool:
        """Whether its group has had other alerts, as far as is known."""
        key = episode.name.key
        new = {fingerprint for fingerprint, one in self.episodes.items() if one.name.key == key}
        return len(new | self.before.get(key, set())) > 1

    @cached_property
    def before(self) -> Mapping[str | None, set[str]]:
        """The fingerprints of what was open before, by group."""
        found: dict[str | None, set[str]] = defaultdict(set)
        for fingerprint, alert in self.memory.open.items():
            found[alert.group_key].add(fingerprint)
        return found

    def send(self, episode: Episode, row: Row, now: datetime) -> int:
        """Hand one message over, and remember what came of it: 1 when it has arrived or may have."""
        message = message_of(row, episode, now)
        channel = Lazily(self.memory.channels[message.channel])  # one that cannot be used keeps the others from nothing
        outcome = attempt(channel, message, None)
        channel.close()
        if outcome.state not in (MessageState.SENT, MessageState.UNCERTAIN):
            return 0
        episode.known[(message.channel, message.receiver)] = Known.from_row({**row["tells"], "at": now})
        episode.told.append((message, row, outcome, now))
        return 1


def alert_of(number: int, verdict: Verdict, traits: Traits, name: Named, settings: Settings) -> Alert:
    """The alert as the store would have opened it; its number is nobody's."""
    severity, at = Severity(verdict.level), verdict.as_of
    known = (verdict.fingerprint, verdict.duty, verdict.rule, verdict.labels, severity, priority_of(severity, traits, settings))
    return Alert(
        number, *known, State.FIRING, "opened", verdict.summary, verdict.progress, at, at, at, name.key, fired_at=at, unattended_since=at
    )


def message_of(row: Row, episode: Episode, now: datetime) -> Message:
    """The message under a key that says what it is about, since when, and to whom; marked as told without the store."""
    step = "end" if episode.ended else "open"
    parts = (episode.alert.fingerprint, episode.opened.as_of.isoformat(), step, row["channel"], row["receiver"])
    fields = {name: row[name] for name in ("duty", "channel", "receiver", "group_key", "priority", "reason", "content")}
    return Message(
        0, "/".join(("outage", *parts)), **fields, template="alert", subject=f"{row['subject']} {MARK}", attempts=1,
        possible_repeat=False, accepted=(), report_id=None, created_at=now, ref={},
    )  # fmt: skip


def settle(outage: Outage, evaluating: Evaluating, store: Store, run: Run) -> int:
    """The store is back: what was told stands there as if it had been told from there, under its key and with its time; how many messages.

    Within the caller's transaction, which holds the lease.
    """
    drainer, episodes = Drainer.enrol(store), list(outage.episodes.values())
    keys, now = [one.name.key for one in episodes], evaluating.clock()
    for verdicts in ([(one, one.opened) for one in episodes], [(one, one.ended) for one in episodes if one.ended]):
        evaluating.keep(store, [(episode.traits, verdict) for episode, verdict in verdicts], run)
        known = {group.key: dict(group.known) for group in groups.read(store, keys, now)}
        for episode, verdict in verdicts:
            write_down(episode, verdict, known[episode.name.key], store, drainer)
    Dispatch(store, evaluating.settings, evaluating.directory, now).groups(keys)
    drainer.leave()
    return sum(len(episode.told) for episode in episodes)


def record(outage: Outage, store: Store) -> None:
    """Somebody else watches now, and tells what there is: what was told from here is written down, and nobody's knowledge is changed by it.

    Within the caller's transaction.
    """
    drainer = Drainer.enrol(store)
    for episode in outage.episodes.values():
        for message, row, outcome, at in episode.told:
            words = {"key": message.key, "subject": message.subject, "alert_id": None, "tells": None}
            if (number := drainer.told({**row, **words}, at)) is not None:
                drainer.finish(replace(message, id=number), outcome, at, at)
    drainer.leave()


def write_down(episode: Episode, verdict: Verdict, known: dict[Place, Known], store: Store, drainer: Drainer) -> None:
    """The messages about one verdict, as sent. `known`: what receivers know of the group, with this from then on."""
    alert = alerts.newest(store, [verdict.fingerprint])[verdict.fingerprint]
    for message, row, outcome, at in episode.told:
        if (verdict is episode.ended) == (not row["tells"]["open"]):
            place = (message.channel, message.receiver)
            tells = added(known.get(place, Known()), row["tells"], alert)
            known[place] = Known.from_row({**tells, "at": at})
            words = {"key": message.key, "subject": message.subject, "alert_id": alert.id, "tells": tells}
            number = drainer.told({**row, **words}, at)
            if number is not None:
                drainer.finish(replace(message, id=number), outcome, at, at)


def added(known: Known, tells: Row, alert: Alert) -> Row:
    """What a receiver knows of the group then: of the alert, by its number in the store, what they were told; of others what they knew."""
    others = {number: mark for number, mark in known.marks.items() if number != alert.id}
    marks = {**others, **dict(zip([alert.id], tells["marks"].values(), strict=False))}
    return {**tells, "open": bool(marks), "marks": marks}

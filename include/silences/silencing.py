"""Why nobody is told of an alert for now: silences, maintenance, inhibition and dependencies. Measuring and resolving go on. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from include.config.alerts import Alerts, Inhibition, foundations
from include.model import Alert, Reason, Severity, State
from include.silences.recurring import Recurrence

# For so long after its end an alert still hides what it made needless: until that was measured anew (every 5 minutes), and until
# averages over 5 minutes know nothing of it any more.
AFTERMATH = timedelta(minutes=7)
# What waits to leave does not wait for longer, so that silences that begin later need not be thought of yet.
AHEAD = timedelta(days=1)
# Rules that are never silenced: they say that something is.
EXEMPT = frozenset({"maintenance"})


class Span(NamedTuple):
    """A time, without its end."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """When and where a silence or maintenance holds. `matchers`: {`duty`, `rule`, `severity` or a label: pattern}; with `recurrence`,
    an RRULE, it holds for `lasts` from each occurrence on, counted from `starts_at` in `zone`, until `ends_at`."""

    matchers: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    recurrence: str | None = None
    lasts: timedelta | None = None
    zone: str = "UTC"

    def until(self, now: datetime) -> datetime | None:
        """When the time ends that it holds now; None when it does not hold."""
        return max((span.ends for span in self.spans(now, now)), default=None)

    def spans(self, since: datetime, until: datetime) -> Iterator[Span]:
        """The times in which it holds, of those that have begun by the second moment and are not over by the first; in order."""
        length = self.lasts if self.recurrence and self.lasts else self.ends_at - self.starts_at
        for begins in self.beginnings(since - length, min(until, self.ends_at)):
            ends = min(begins + length, self.ends_at)
            if ends > max(since, begins):
                yield Span(begins, ends)

    def beginnings(self, since: datetime, until: datetime) -> Iterable[datetime]:
        """When it begins to hold, both moments included. What recurs in a way that nobody understands keeps nobody in the dark."""
        if not self.recurrence:
            return [self.starts_at] if since <= self.starts_at <= until else []
        try:
            return self.rule(self.recurrence).between(max(since, self.starts_at), until)
        except ValueError:
            return []

    def next(self, now: datetime) -> datetime | None:
        """When it begins to hold next, within AHEAD; None when it does not."""
        coming = self.beginnings(now, min(now + AHEAD, self.ends_at))
        return min((at for at in coming if at > now), default=None)

    def rule(self, recurrence: str) -> Recurrence:
        """How it recurs. Raises ValueError."""
        return Recurrence.of(recurrence, self.starts_at, ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Window):
    """A window in which matching alerts are told to nobody; a `maintenance` was planned."""

    id: int
    maintenance: bool
    owner: str
    reason: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Silence:
        """From a row of the table `silence`."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    @property
    def words(self) -> str:
        """`silenced by ann: deployment`."""
        return f"{Reason.MAINTENANCE if self.maintenance else Reason.SILENCED} by {self.owner}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Why nobody is told of an alert, and until when that is known to last."""

    words: str
    until: datetime | None = None


@dataclass(frozen=True)
class Suppression:
    """Everything that keeps messages back at one moment. `causes`: what may make other alerts needless, open or just over."""

    silences: Sequence[Silence]
    settings: Alerts
    causes: Sequence[Alert]
    now: datetime

    def of(self, alert: Alert) -> Quiet | None:
        """Why nobody is told of this alert now; None when people are."""
        if alert.rule in EXEMPT:
            return None
        values = values_of(alert)
        for silence, until in self.holding:
            if fits(silence.matchers, values):
                return Quiet(silence.words, until)
        cause = next(self.causes_of(alert), None)
        return self.inhibited(cause) if cause else None

    @cached_property
    def holding(self) -> Sequence[tuple[Silence, datetime]]:
        """The silences that hold now, each with when that ends: however many alerts there are, each is asked once."""
        return [(silence, until) for silence in self.silences if (until := silence.until(self.now))]

    def begins(self, alert: Alert) -> datetime | None:
        """When a silence begins under which this alert falls: what waits until then may not leave any more."""
        mine = (at for silence, at in self.coming if alert.rule not in EXEMPT and fits(silence.matchers, values_of(alert)))
        return min(mine, default=None)

    @cached_property
    def coming(self) -> Sequence[tuple[Silence, datetime]]:
        """The silences that begin soon, each with when."""
        return [(silence, at) for silence in self.silences if (at := silence.next(self.now))]

    def causes_of(self, alert: Alert) -> Iterator[Alert]:
        """The alerts that make this one needless, while they are open or just over, in the order in which they are known."""
        values = values_of(alert)
        below = foundations(self.settings.dependencies, alert.labels.get("target", "")) if self.settings.dependencies else ()
        found = [cause for target in below for cause in self.down.get(target, ())]
        for rule, sources in self.sources:
            if sources and fits(rule.target, values) and not fits(rule.source, values):
                found += sources.get(shared(rule, alert), ())
        return iter(sorted((cause for cause in found if cause.id != alert.id), key=lambda cause: self.order[cause.id]))

    @cached_property
    def order(self) -> Mapping[int, int]:
        """The place of each cause."""
        return {cause.id: place for place, cause in enumerate(self.causes)}

    @cached_property
    def live(self) -> Sequence[Alert]:
        """The causes that count now."""
        return [cause for cause in self.causes if cause.is_open or self.now < cause.changed_at + AFTERMATH]

    @cached_property
    def down(self) -> Mapping[str, list[Alert]]:
        """By target, what means that it is down. Of thousands of alerts, each is looked up and not compared with all others."""
        found: dict[str, list[Alert]] = defaultdict(list)
        for cause in self.live:
            if "target" in cause.labels and (cause.severity is Severity.CRITICAL or cause.state is State.UNKNOWN):
                found[cause.labels["target"]].append(cause)
        return found

    @cached_property
    def sources(self) -> Sequence[tuple[Inhibition, Mapping[tuple[str | None, ...], list[Alert]]]]:
        """For each inhibition its causes, by the labels that an alert must share with them."""
        found: list[tuple[Inhibition, dict[tuple[str | None, ...], list[Alert]]]] = []
        for rule in self.settings.inhibit:
            by_labels: dict[tuple[str | None, ...], list[Alert]] = defaultdict(list)
            for cause in self.live:
                if fits(rule.source, values_of(cause)):
                    by_labels[shared(rule, cause)].append(cause)
            found.append((rule, by_labels))
        return found

    def inhibited(self, cause: Alert) -> Quiet:
        """By what, and for how long that is known to last."""
        if cause.is_open:
            return Quiet(f"{Reason.INHIBITED} by {cause.summary}")
        return Quiet(f"{Reason.INHIBITED} for some minutes more: {cause.summary}", cause.changed_at + AFTERMATH)


def may_hide(settings: Alerts) -> tuple[list[str] | None, list[str]]:
    """The rules whose alerts may hide others, None for any; and the targets whose alerts may."""
    rules = [one.source.get("rule", "*") for one in settings.inhibit]
    targets = sorted({target for below in settings.dependencies.values() for target in below})
    return None if any(re.search(r"[*?\[]", rule) for rule in rules) else rules, targets


def shared(rule: Inhibition, alert: Alert) -> tuple[str | None, ...]:
    """The labels by which an inhibition brings alerts together."""
    return tuple(alert.labels.get(label) for label in rule.equal)


def values_of(alert: Alert) -> Mapping[str, str]:
    """The properties of an alert that patterns may name: `duty`, `rule`, `severity`, `fingerprint`, `group`, or a label."""
    known = {"duty": alert.duty, "rule": alert.rule, "severity": str(alert.severity), "fingerprint": alert.fingerprint}
    return {**alert.labels, **known, "group": alert.group_key or ""}


def fits(patterns: Mapping[str, str], values: Mapping[str, str]) -> bool:
    """Whether each value that is named is there, and like its pattern, `*` being anything."""
    return all(name in values and fnmatchcase(values[name], pattern) for name, pattern in patterns.items())


def joined(spans: Iterable[Span]) -> list[Span]:
    """Times that meet or overlap as one; in order."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.begins <= found[-1].ends:
            found[-1] = Span(found[-1].begins, max(found[-1].ends, span.ends))
        else:
            found.append(span)
    return found


def next_change(quiets: Iterable[Quiet | None]) -> datetime | None:
    """When the first of these is known to end."""
    return min((quiet.until for quiet in quiets if quiet and quiet.until), default=None)

"""Silences and maintenance windows as they stand: what they keep quiet, which somebody should look at, and when a target is maintained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from include.model import Alert
from include.silences.silencing import AHEAD, EXEMPT, Silence, Span, fits, joined, values_of
from include.store import Store

SOON = timedelta(days=1)
LONG = timedelta(days=7)
UNUSED = "no alert was like it for seven days"


@dataclass(frozen=True, slots=True)
class Standing:
    """One that has not ended. `quiet`: how many open alerts it keeps quiet now; `unused`: no alert was like it for seven days."""

    silence: Silence
    quiet: int
    ends_soon: bool
    unused: bool

    @property
    def stale(self) -> str:
        """Why somebody should look at it, or ''."""
        reasons = {"ends within a day": self.ends_soon, UNUSED: self.unused}
        return ", ".join(words for words, holds in reasons.items() if holds)

    @property
    def words(self) -> str:
        """`silence 3  until 2026-12-24 18:00 UTC  target=db-*  ann: a move  keeps 2 quiet now  (ends within a day)`."""
        one = self.silence
        head = f"{'maintenance' if one.maintenance else 'silence'} {one.id}  until {one.ends_at:%Y-%m-%d %H:%M} UTC"
        what = " ".join(f"{name}={pattern}" for name, pattern in one.matchers.items())
        words = [head, what, f"{one.owner}: {one.reason}", one.recurrence, f"keeps {self.quiet or 'nothing'} quiet now"]
        return "  ".join([*(str(word) for word in words if word), *([f"({self.stale})"] if self.stale else [])])


def standing(store: Store, now: datetime) -> list[Silence]:
    """The silences and maintenance windows that may hold now, or begin to within AHEAD."""
    return [Silence.from_row(row) for row in store.many("silences.standing", now=now, until=now + AHEAD)]


def survey(store: Store, now: datetime) -> list[Standing]:
    """Every silence and maintenance window that has not ended, the next to end first."""
    silences = [Silence.from_row(row) for row in store.many("silences.all", now=now)]
    alerts = [Alert.from_row(row) for row in store.many("silences.open_since", since=now - LONG)] if silences else []
    return [how_it_stands(silence, alerts, now) for silence in silences]


def how_it_stands(silence: Silence, alerts: Sequence[Alert], now: datetime) -> Standing:
    """How one stands. `alerts`: those that were open at any time in the last seven days."""
    like = [alert for alert in alerts if alert.rule not in EXEMPT and fits(silence.matchers, values_of(alert))]
    quiet = sum(alert.is_open for alert in like) if silence.until(now) else 0
    return Standing(silence, quiet, silence.ends_at - now <= SOON, now - silence.starts_at >= LONG and not like)


def maintained(store: Store, target: Mapping[str, str], since: datetime, until: datetime) -> list[Span]:
    """When a target was, or will be, under maintenance between two moments: in order, apart from each other, clipped to them.

    `target`: what is known of it, as in {`target`: `db-1`, `environment`: `prod`}; a window counts when all it names is known and fits.
    """
    windows = [Silence.from_row(row) for row in store.many("silences.maintenance", since=since, until=until)]
    spans = [span for window in windows if fits(window.matchers, target) for span in window.spans(since, until)]
    return joined(Span(max(begins, since), min(ends, until)) for begins, ends in spans if begins < until)

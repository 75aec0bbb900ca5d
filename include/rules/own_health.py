"""The monitoring judges itself: its duties, its watchers, its channels, and the maintenance windows that keep it quiet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from include.audience import Labels
from include.config.settings import Settings
from include.model import Level, Priority, Run, Traits, Verdict
from include.silences.silencing import Silence
from include.silences.windows import standing
from include.store import Row, Store
from include.store.alerts import open_of_rule
from include.store.samples import newest
from include.writing.wording import span


class DutiesRun:
    """A duty that should run and does not, or whose runs all fail. A paused one is nobody's alarm: `make status` lists it."""

    traits = Traits(
        priority=Priority.HIGH,
        group_by=("duty",),
        todo="Is the scheduler up, is the DAG's last run still running? If it failed, see its log.",
    )

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per duty that runs by the clock."""
        return [judge_absence(run.duty, "duties_run", row, row["labels"]["duty"], "runs") for row in newest(store, "duty_overdue", {})]


class WatchersAlive:
    """A watcher that nobody hears of: what it watches is not watched."""

    traits = Traits(priority=Priority.CRITICAL, group_by=("watcher",), todo="Is the triggerer up? `make up` or your supervisor starts it.")

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per watcher that there should be."""
        found = [(row, f"watcher {row['labels']['watcher']}") for row in newest(store, "watcher_overdue", {})]
        return [judge_absence(run.duty, "watchers_alive", row, name, "watches") for row, name in found]


class ChannelsUp:
    """A channel that is out of order; what it would have told is told through another."""

    traits = Traits(
        priority=Priority.HIGH, group_by=("channel",), todo="The reason names what does not answer. Its messages wait, and leave later."
    )

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per channel that is down, and per open alert of one that works again."""
        down = {row["channel"]: row for row in store.many("messages.breakers") if row["opened_at"]}
        known = {alert.labels["channel"] for alert in open_of_rule(store, run.duty, "channels_up")}
        return [judge_channel(run.duty, channel, down.get(channel), now) for channel in sorted(known | down.keys())]


class Maintenance:
    """A maintenance window that goes on: announced when it begins, and when it is over."""

    traits = Traits(priority=Priority.LOW, group_by=("maintenance",), repeats=False, damp=False)

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per window that holds, and per open announcement of one that does not."""
        windows = [one for one in standing(store, now) if one.maintenance]
        holding = {str(window.id): window for window in windows if window.until(now)}
        announced = {alert.labels["maintenance"] for alert in open_of_rule(store, run.duty, "maintenance")}
        return [judge_maintenance(run.duty, number, holding, now) for number in sorted(announced | holding.keys())]


def judge_absence(duty: str, rule: str, row: Row, name: str, well: str) -> Verdict:
    """Seconds for which a duty or a watcher is overdue; 0 for one that is there, or is paused."""
    level = Level.CRITICAL if row["value"] > 0 else Level.OK
    return Verdict(duty, rule, row["labels"], level, row["at"], f"{name} {row['note'] or well}")


def judge_channel(duty: str, channel: str, row: Row | None, now: datetime) -> Verdict:
    """A channel that rests is a warning."""
    words = f"is out of order: {row['why']}" if row else "works again"
    level = Level.WARNING if row else Level.OK
    return Verdict(duty, "channels_up", {"channel": channel}, level, now, f"channel {channel} {words}")


def judge_maintenance(duty: str, number: str, holding: Mapping[str, Silence], now: datetime) -> Verdict:
    """A window that holds is worth knowing."""
    labels: Labels = {"maintenance": number}
    window = holding.get(number)
    if window is None:
        return Verdict(duty, "maintenance", labels, Level.OK, now, f"maintenance {number} is over")
    where = " ".join(f"{name}={pattern}" for name, pattern in window.matchers.items())
    still = span((window.until(now) or now) - now)
    return Verdict(duty, "maintenance", labels, Level.INFO, now, f"maintenance of {where} for {still}, {window.owner}: {window.reason}")

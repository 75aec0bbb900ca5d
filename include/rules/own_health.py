"""The monitoring judges itself: its duties, its watchers, its channels, and the maintenance windows that keep it quiet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from include.audience import Labels
from include.config.settings import Settings
from include.model import Level, Priority, Run, Traits, Verdict
from include.silencing import Silence
from include.store import Row, Store
from include.store.alerts import open_of_rule
from include.store.samples import newest

WATCHER_PATIENCE = timedelta(seconds=60)


class DutiesRun:
    """A duty that should run and does not. A paused one is nobody's alarm: `make status` lists it."""

    traits = Traits(priority=Priority.HIGH, group_by=("duty",), todo="Is the scheduler up? Is the last run of this DAG still running?")

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per duty that runs by the clock."""
        return [judge_duty(run.duty, row) for row in newest(store, "duty_overdue", {})]


class WatchersAlive:
    """A watcher that nobody hears of: what it watches is not watched."""

    traits = Traits(priority=Priority.CRITICAL, group_by=("watcher",), todo="Is the triggerer up? `make up` or your supervisor starts it.")

    def verdicts(self, store: Store, run: Run, settings: Settings, now: datetime) -> Iterable[Verdict]:
        """One verdict per watcher that was ever heard of."""
        return [judge_watcher(run.duty, row, now) for row in store.many("leases.beats")]


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
        windows = [Silence.from_row(row) for row in store.many("silences.standing", now=now) if row["maintenance"]]
        holding = {str(window.id): window for window in windows if window.until(now)}
        announced = {alert.labels["maintenance"] for alert in open_of_rule(store, run.duty, "maintenance")}
        return [judge_maintenance(run.duty, number, holding, now) for number in sorted(announced | holding.keys())]


def judge_duty(duty: str, row: Row) -> Verdict:
    """`duty_overdue`: seconds beyond two intervals; 0 for one that runs, or is paused."""
    name, late = row["labels"]["duty"], row["value"] > 0
    summary = f"{name} {row['note']}" if late else f"{name} runs"
    return Verdict(duty, "duties_run", {"duty": name}, Level.CRITICAL if late else Level.OK, row["at"], summary)


def judge_watcher(duty: str, row: Row, now: datetime) -> Verdict:
    """Silent for too long is critical."""
    silent = now - row["beaten_at"] > WATCHER_PATIENCE
    words = f"is not heard of since {row['beaten_at']:%Y-%m-%d %H:%M:%S} UTC" if silent else "watches"
    level = Level.CRITICAL if silent else Level.OK
    return Verdict(duty, "watchers_alive", {"watcher": row["watcher"]}, level, now, f"watcher {row['watcher']} {words}")


def judge_channel(duty: str, channel: str, row: Row | None, now: datetime) -> Verdict:
    """A channel that rests is a warning."""
    words = f"is out of order since {row['opened_at']:%Y-%m-%d %H:%M} UTC: {row['why']}" if row else "works again"
    level = Level.WARNING if row else Level.OK
    return Verdict(duty, "channels_up", {"channel": channel}, level, now, f"channel {channel} {words}")


def judge_maintenance(duty: str, number: str, holding: Mapping[str, Silence], now: datetime) -> Verdict:
    """A window that holds is worth knowing."""
    labels: Labels = {"maintenance": number}
    window = holding.get(number)
    if window is None:
        return Verdict(duty, "maintenance", labels, Level.OK, now, f"maintenance {number} is over")
    where = " ".join(f"{name}={pattern}" for name, pattern in window.matchers.items())
    summary = f"maintenance of {where} until {window.until(now) or now:%Y-%m-%d %H:%M} UTC, {window.owner}: {window.reason}"
    return Verdict(duty, "maintenance", labels, Level.INFO, now, summary)

"""Airflow's connections and the environment, turned into domain objects. Nobody else reads them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from include.config.duties import WATCHDOG, WATCHING, section_of
from include.config.settings import AccountExpiration, Settings
from include.model import Clock, Run, utc_now
from securenet.configuration import InForce, at_run
from securenet.connections import STORE, conninfo, find_connection, heartbeat, sender_of
from securenet.fleets import PROBES, discovered, look_at_lists
from securenet.fleets import SOURCES as FLEETS

if TYPE_CHECKING:
    from include.acting.actions import Actions
    from include.channels import Channel
    from include.collecting import Collecting
    from include.delivery import Drain
    from include.dispatch import Dispatch
    from include.evaluating import Evaluating
    from include.people.audiences import Routes
    from include.people.directory import Directory
    from include.probes import Probe
    from include.reporting import Reporting
    from include.sources import Source
    from include.store import Store
    from include.store.runs import Counts

log = logging.getLogger(__name__)
# So long a lane of a watcher goes on, if there is so much to send.
LANE = timedelta(minutes=1)
DAY = timedelta(days=1)


def is_paused(duty: str) -> bool:
    """Whether Airflow holds a duty back. Outside of a task nobody can be asked, and a duty that Airflow has lost is held back by nobody."""
    from airflow.sdk.exceptions import AirflowRuntimeError
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    try:
        return bool(RuntimeTaskInstance.get_dag(duty).is_paused)
    except (ImportError, AttributeError, NameError):
        return False
    except AirflowRuntimeError as error:
        if (error.error.detail or {}).get("status_code") == HTTPStatus.NOT_FOUND:
            return False
        raise


def open_store(application: str) -> Store:
    """The store, checked to have the schema that this code needs. Raises psycopg.OperationalError, with the connection's name."""
    import psycopg

    from include.store import connect, migrations

    try:
        opened = connect(conninfo(STORE), application)
    except psycopg.OperationalError as error:
        raise type(error)(f"connection {STORE!r}: {error}") from None
    try:
        migrations.check(opened)
    except Exception:
        opened.connection.close()
        raise
    return opened


@contextmanager
def store(application: str = "securenet monitoring") -> Iterator[Store]:
    """The store, closed in the end."""
    opened = open_store(application)
    try:
        yield opened
    finally:
        opened.connection.close()


@dataclass(frozen=True)
class Wiring:
    """Everything that one run works with. `show`: rehearse, so that also what is not due is rendered and nothing is sent."""

    store: Store
    in_force: InForce
    clock: Clock = utc_now
    show: bool = False

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.in_force.settings

    @property
    def watched(self) -> Settings:
        """The same with the targets that lists named when they could be read last."""
        from include.targets.discovering import known

        return self.settings.model_copy(update={"targets": known(self.store, self.settings.targets)[0]})

    @property
    def accounts(self) -> AccountExpiration:
        """The section of account expiration."""
        return self.settings.monitoring.account_expiration

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times of day are meant."""
        return ZoneInfo(self.settings.monitoring.zone)

    def source(self, name: str) -> Source:
        """A source by its name in a DAG file; which kind `accounts` is, the configuration says."""
        from include.loading import load_named
        from include.sources import SOURCES

        if name == "duties":
            duties: Source = load_named(SOURCES, name, "source")(self.intervals, WATCHING, is_paused)
            return duties
        if name in FLEETS:
            return discovered(name, self.settings.targets, self.clock)
        kind = load_named(SOURCES, f"accounts.{self.accounts.source}", "source")
        accounts: Source = kind(conninfo(self.accounts.connection), self.accounts)
        return accounts

    def collecting(self, source: str, budget: timedelta) -> Collecting:
        """How a source is measured, within that time."""
        from include.collecting import Collecting

        return Collecting(self.source(source), self.in_force.refusal, self.clock, budget)

    def interval(self, duty: str) -> timedelta | None:
        """How long the moment of a run lasts: until the next one is due; None for a duty by hand or once a day."""
        section = getattr(self.settings.monitoring, section_of(duty), None)
        interval: timedelta | None = getattr(section, "check_interval", None)
        return interval

    @property
    def intervals(self) -> dict[str, timedelta]:
        """How often each duty should run that is watched over."""
        return {duty: self.interval(duty) or DAY for duty in self.settings.targets.clocked if duty != WATCHDOG}

    def evaluating(self, duty: str, reminders: bool) -> Evaluating:
        """How a duty is judged."""
        from include.evaluating import Evaluating
        from include.rules import rules_of

        return Evaluating(rules_of(duty), self.watched, self.directory, self.remind if reminders else None, self.clock)

    @cached_property
    def directory(self) -> Directory:
        """Who is told of an alert."""
        from include.breakers import Breakers
        from include.people.directory import Directory
        from include.rules import traits_of

        routes = self.routes("")
        resting, traits, ui = lambda: Breakers.of(self.store).resting, traits_of(self.settings), os.environ.get("SECURENET_UI")
        return Directory(self.settings, routes.default_receiver, routes.standing, traits, self.editing, resting, ui=ui)

    @property
    def editing(self) -> frozenset[str]:
        """The channels that can change what they showed."""
        from include.channels import CHANNELS
        from include.loading import load_named

        return frozenset(name for name in self.channels if getattr(load_named(CHANNELS, name, "channel"), "EDITS", False))

    def dispatch(self) -> Dispatch:
        """Tells people what they do not know, at this moment."""
        from include.dispatch import Dispatch

        return Dispatch(self.store, self.settings, self.directory, self.clock())

    def remind(self, store: Store, run: Run, now: datetime) -> Counts:
        """Remind the owners of accounts, unless the list at hand is too old to be believed."""
        from include.reminders import Reminders
        from include.source_state import silent

        if missing := silent(store, run, now):
            return {"reminders": f"no data: {missing.why}"}
        return Reminders(store, self.accounts, run, "accounts", now).remind()

    def routes(self, duty: str) -> Routes:
        """Where a duty's news goes."""
        from include.people.audiences import Routes

        section = getattr(self.settings.monitoring, duty, None)
        channels = getattr(section, "alert_channels", ("email",))
        return Routes(self.settings, channels, frozenset(self.channels), self.default_receiver)

    @property
    def default_receiver(self) -> str | None:
        """Whoever gets what nobody was assigned to: SECURENET_ADMIN_EMAIL, else the sender of `smtp_default`."""
        found = find_connection("smtp_default")
        return os.environ.get("SECURENET_ADMIN_EMAIL") or (sender_of(found) if found else None)

    @cached_property
    def channels(self) -> dict[str, Callable[[], Channel]]:
        """What opens each channel that has the connection it needs."""
        from securenet.channels import openers

        return openers(self.settings, self.clock)

    def actions(self) -> Actions:
        """What people can do, at this moment."""
        from include.acting.actions import Actions

        return Actions(self.store, self.settings, self.directory, self.clock())

    def over(self, run: Run, failed: Sequence[str]) -> None:
        """A run has come to its end; `failed`: which of its tasks did."""
        from include.store import runs

        runs.over(self.store, run, failed, self.clock)

    def drain(self, until: datetime) -> Counts:
        """Send what is due, each channel by itself; in a rehearsal, nothing is."""
        from include.lanes import drain_together
        from include.store.messages import adopt_orphans

        with self.store.transaction():
            self.dispatch().due()
        if self.show:
            return {"rehearsed": 1}
        adopt_orphans(self.store, self.clock())
        busy = self.busy((0, 1, 2))
        with ExitStack() as further:
            stores = [self.store, *(further.enter_context(store()) for _ in busy[1:])]
            drains = [self.drainer(opened, channel, until) for opened, channel in zip(stores, busy, strict=False)]
            return dict(drain_together(drains))

    def busy(self, urgencies: Sequence[int]) -> list[str]:
        """The channels that have something to send, once for each drainer that they need."""
        from include.lanes import busy

        return busy(self.store, self.channels, urgencies, self.clock())

    def drainer(self, opened: Store, channel: str, until: datetime, urgencies: Sequence[int] = (0, 1, 2)) -> Drain:
        """A drain of one channel."""
        from include.caps import Caps
        from include.delivery import Drain
        from include.lanes import Lazily

        hours = self.accounts.reminder_hours
        channels = {channel: Lazily(self.channels[channel])}
        caps = Caps(dict(self.settings.alerts.caps))
        return Drain(opened, channels, lambda now: hours.hold(now.astimezone(self.zone).time()), self.clock, until, caps, urgencies)

    def look_once(self, run: Run) -> Counts | None:
        """What a duty's watcher measures, measured now by hand; None for a duty that measures in its run."""
        from include.watchers.observing import look_once

        if run.duty not in PROBES:
            return None
        told = look_at_lists(self.store, self.settings.targets, run.duty, self.clock()).told
        return look_once(self.probes(run.duty), self.store, self.evaluating(run.duty, reminders=False), run, told)

    def probes(self, duty: str) -> list[Probe]:
        """What a watcher of targets asks without a pause."""
        return PROBES[duty](self.watched, self.clock)

    @contextmanager
    def lane(self, channel: str) -> Iterator[Drain]:
        """A drain of one channel over a connection of its own, of all but owner reminders."""
        with store(f"{channel} lane") as opened:
            yield self.drainer(opened, channel, self.clock() + LANE, (0, 1))

    def be_heard(self, what: str) -> None:
        """Tell somebody outside that this lives."""
        from include.heartbeats import beat

        beat(heartbeat(what))

    def reporting(self, duty: str, report: str) -> Reporting:
        """How a duty reports."""
        from include.loading import load_named
        from include.reporting import Reporting
        from include.reports import REPORTS

        routes = self.routes(duty)
        kind = load_named(REPORTS, report, "report")
        return Reporting(kind(self.settings, routes, os.environ.get("SECURENET_UI")), routes, self.clock, self.show)


@contextmanager
def wired(application: str) -> Iterator[Wiring]:
    """The wiring of a task or command, its store open."""
    with store(application) as opened:
        yield Wiring(opened, at_run(opened))

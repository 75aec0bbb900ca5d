"""What a watcher of the triggerer works with: it goes on for long, so it reads its connections again now and then."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from include.model import is_due
from securenet.configuration import at_run
from securenet.connections import heartbeat
from securenet.fleets import PROBES, look_at_lists
from securenet.wiring import Wiring, open_store, store

if TYPE_CHECKING:
    from include.config.settings import Settings
    from include.discovery.targets import Complaint
    from include.lanes import Lanes
    from include.model import Sample
    from include.store import Store
    from include.targets.following import Following, Found
    from include.watchers.observing import Observing
    from include.watchers.outage import Memory
    from include.watchers.watching import Watch, Watching

CONNECTIONS_LAST = timedelta(minutes=1)
JUDGED_EVERY = timedelta(minutes=1)


@dataclass
class Lasting:
    """The wiring of a process that goes on. Its connections are those of a minute ago, or of when Airflow last had an answer."""

    wiring: Wiring
    since: datetime
    renewing: threading.Thread | None = None

    def __call__(self) -> Wiring:
        """The wiring; one that has become old is being made anew meanwhile."""
        now = self.wiring.clock()
        if is_due(CONNECTIONS_LAST, self.since, now) and not (self.renewing and self.renewing.is_alive()):
            self.since = now
            self.renewing = threading.Thread(target=self.renew, daemon=True)
            self.renewing.start()
        return self.wiring

    def renew(self) -> None:
        """Ask Airflow for everything, and only then use it."""
        self.wiring = complete(replace(self.wiring))


def complete(wiring: Wiring) -> Wiring:
    """The wiring, with all that it has to ask Airflow for."""
    _ = wiring.channels, wiring.directory
    return wiring


def open_watching(duty: str, holder: str = "") -> Watching:
    """What a watcher of the triggerer works with. `holder`: its name in the lease, which it keeps when it opens all of this anew."""
    from include.heartbeats import beat
    from include.watchers.watching import Watching

    with ExitStack() as half:  # what is open already goes again when the rest fails
        opened, bell = (closed_with(half, open_store(f"{duty} {what}")) for what in ("watcher", "bell"))
        wiring, outside = Wiring(opened, at_run(opened)), heartbeat("watchers")
        watch = WATCHES[duty](Lasting(complete(wiring), wiring.clock()))
        half.callback(watch.close)
        watching = Watching(duty, holder or new_holder(), opened, bell, watch, wiring.clock, lambda: beat(outside))
        watching.prepare()
        half.pop_all()
    return watching


def closed_with(half: ExitStack, opened: Store) -> Store:
    """A store that is closed when the rest fails."""
    half.callback(opened.connection.close)
    return opened


def new_holder() -> str:
    """A name in the lease that nobody else has: host, process and chance. A request to the store that was given up may still be heard
    later, and give the lease to whoever made it: they have to be the same then."""
    return f"{socket.gethostname()}/{os.getpid()}/{token_hex(4)}"


def escalation(lasting: Lasting) -> Watch:
    """The watch over the outbox."""
    from include.watchers.escalating import Escalating

    return Escalating(
        lasting.wiring.store,
        lasting.wiring.clock,
        channels=lambda: list(lasting().channels),
        plan=lambda: lasting().dispatch().due(),
        busy=lambda: lasting().busy((0, 1)),
        lanes=lanes(lasting),
    )


def database_connectivity(lasting: Lasting) -> Watch:
    """The watch over databases. What is critical leaves from here, however the scheduler is."""
    return observing(lasting, "database_connectivity")


def api_performance(lasting: Lasting) -> Watch:
    """The watch over HTTP addresses, which also samples what is cheap."""
    return observing(lasting, "api_performance")


def observing(lasting: Lasting, duty: str) -> Watch:
    """A watch over targets that are probed without a pause; all that is stored is judged every minute, too."""
    from include.targets.probing import Probing
    from include.watchers.observing import Observing

    wiring, own_lanes = lasting.wiring, lanes(lasting)
    evaluating = wiring.evaluating(duty, reminders=False)  # before the probes: a list that changes between is seen at the first look
    probing = Probing(wiring.probes(duty))
    watch = Observing(
        duty,
        wiring.store,
        probing,
        evaluating,
        directory=lambda: lasting().directory,
        deliver=lambda: own_lanes.send(lasting().busy((0,))),
        remember=lambda until: remembered(lasting(), until),
        clock=wiring.clock,
        judged_every=JUDGED_EVERY,
    )
    probing.probes = [*probing.probes, following(wiring, duty, watch)]
    probing.start()
    return watch


def following(wiring: Wiring, duty: str, watch: Observing) -> Following:
    """What looks beside the probes of a watch whether lists of targets, or connections, have become others."""
    from include.targets.following import Following

    return Following(Lists(wiring, duty, watch.evaluating.settings), watch.follow, wiring.clock)


@dataclass
class Lists:
    """A watcher's targets as lists name them and Airflow's connections open them now. `settings`: with those that are watched so far."""

    wiring: Wiring
    duty: str
    settings: Settings
    complaints: Sequence[Complaint] = ()

    def __call__(self, at: datetime) -> Found:
        """What lists say now, and what to ask."""
        from include.targets.following import Found

        told = self.look(at) if self.wiring.settings.targets.discover else ()
        return Found(told, self.settings, PROBES[self.duty](self.settings, self.wiring.clock))

    def look(self, at: datetime) -> Sequence[Sample]:
        """Read the lists over a connection of their own; whether each could be read."""
        with store(f"{self.duty} lists") as opened:
            looked = look_at_lists(opened, self.wiring.settings.targets, self.duty, at, self.complaints)
        self.complaints = looked.complaints
        self.settings = self.settings.model_copy(update={"targets": looked.targets})
        return looked.told


def lanes(lasting: Lasting) -> Lanes:
    """What sends, each channel by itself."""
    from include.lanes import Lanes

    return Lanes(lambda channel: lasting().lane(channel))


def remembered(wiring: Wiring, until: datetime) -> Memory:
    """What is known while the store is away."""
    from include.watchers.outage import Memory

    resting = wiring.directory.resting()
    directory = replace(wiring.directory, resting=lambda: resting, answers={})
    return Memory.of(wiring.store, wiring.settings, directory, wiring.channels, wiring.clock(), until)


WATCHES: dict[str, Callable[[Lasting], Watch]] = {
    "escalation": escalation,
    "database_connectivity": database_connectivity,
    "api_performance": api_performance,
}

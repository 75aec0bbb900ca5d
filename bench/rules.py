"""The rule engine: a hundred thousand series against the shipped limits, from `latest` to transitions, beside the bare statement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from unittest.mock import patch

import psutil

from bench.page import Bar, Figure, Rows
from bench.process import create
from include.config.settings import Settings
from include.config.targets import HostTarget, Targets
from include.evaluating import Evaluating
from include.model import Run, utc_now
from include.people.audiences import Routes
from include.people.directory import Directory
from include.queries import named_queries
from include.rules import thresholds, traits_of
from include.rules.thresholds import Thresholds
from include.store import Store, connect, migrations, samples
from local.postgres import throwaway

SERIES, HOSTS, ROUNDS, LIMIT = 100_000, 1_000, 7, 2.0
INTERVAL = timedelta(minutes=5)
# So many judgements in breach until an alert stands: it has fired, and its history is all of a kind.
UNTIL_IT_STANDS = 24
QUERIES = {name: text.encode() for name, text in named_queries(Path(__file__).with_name("rules.sql")).items()}
HOW = f"""{SERIES:,} series of `cpu_usage`, of {HOSTS:,} hosts; one in a hundred is in breach, and moves from round to round; the limits of
system_health as shipped. CPU seconds of this process and of its server session together, medians of {ROUNDS} rounds in turns: the bare
statement that finds the values beyond a limit that stands beside each of them; ours from `latest` to transitions while a thousand alerts
stand, at first when they open, and when each of them goes the long way, by a verdict of its own. The last line is what keeping `latest`
costs when a new value of every series arrives."""


@dataclass
class Engine:
    """A store with its series, and the duty that judges them."""

    store: Store
    evaluating: Evaluating
    now: datetime

    @property
    def run(self) -> Run:
        """A run at this moment."""
        return Run("system_health", f"bench-{self.now:%H%M%S.%f}", self.now, INTERVAL)

    def transitions(self) -> None:
        """Judge and write what comes of it."""
        with self.store.transaction():
            self.evaluating.apply(self.store, self.evaluating.judge(self.store, self.run, self.now), self.run, self.now)

    def one_by_one(self) -> None:
        """The same with a verdict on each; nothing of it remains."""
        with self.store.rehearsal(), patch.object(thresholds, "STEADY", -1):
            self.transitions()

    def renew(self) -> None:
        """New values are measured; what was in breach still is."""
        self.now += INTERVAL
        self.store.connection.execute(QUERIES["renew"], {"now": self.now})
        self.store.connection.execute("vacuum latest, alert")

    def bare(self) -> None:
        """The yardstick."""
        assert len(self.store.connection.execute(QUERIES["bare"]).fetchall()) == HOSTS

    def arrive(self) -> None:
        """A new value for every series."""
        with self.store.rehearsal():
            samples.make_room(self.store)
            self.store.connection.execute(QUERIES["arrive"], {"now": self.now + timedelta(seconds=1)})
            samples.settle(self.store)


def measure() -> Figure:
    """Fill, then measure in turns."""
    with throwaway() as server:
        store = connect(create(server, "rules"), "bench")
        engine = filled(store)
        first = cpu(store, engine.transitions)
        for _ in range(UNTIL_IT_STANDS):
            engine.renew()
            engine.transitions()
        rounds = [one_round(engine) for _ in range(ROUNDS)]
        store.connection.close()
    return figure(first, {name: median(one[name] for one in rounds) for name in rounds[0]})


def one_round(engine: Engine) -> dict[str, float]:
    """CPU seconds of each work, on values that nobody has judged yet."""
    engine.renew()
    return {name: cpu(engine.store, work) for name, work in works(engine).items()}


def filled(store: Store) -> Engine:
    """A store with series and their newest values."""
    migrations.migrate(store)
    settings, now = Settings().model_copy(update={"targets": Targets.model_construct(hosts=hosts())}), utc_now()
    for name in ("series", "latest", "limits", "keyed"):
        store.connection.execute(QUERIES[name], {"series": SERIES, "hosts": HOSTS, "now": now})
    store.connection.execute("vacuum analyze series, latest, bare_limit")
    routes = Routes(settings, ("email",), frozenset({"email"}), "admin@example.com")
    directory = Directory(settings, routes.default_receiver, routes.standing, traits_of(settings))
    return Engine(store, Evaluating((Thresholds(),), settings, directory, None, utc_now), now)


def hosts() -> tuple[HostTarget, ...]:
    """The targets of the series: what is not watched is not judged."""
    numbers = range(1, HOSTS + 1)
    return tuple(HostTarget.model_construct(name=f"host-{n}", environment="dev" if n % 2 else "prod") for n in numbers)


def works(engine: Engine) -> dict[str, Callable[[], None]]:
    """What is measured."""
    return {"bare": engine.bare, "long way": engine.one_by_one, "standing": engine.transitions, "upkeep": engine.arrive}


def cpu(store: Store, work: Callable[[], None]) -> float:
    """CPU seconds of this process and of its session on the server."""
    session = psutil.Process(store.connection.info.backend_pid)
    before, started = spent(session), time.process_time()
    work()
    return time.process_time() - started + spent(session) - before


def spent(session: psutil.Process) -> float:
    """CPU seconds of a session so far, with more digits than psutil gives."""
    try:
        return int(Path(f"/proc/{session.pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        times = session.cpu_times()
        return float(times.user + times.system)


def figure(first: float, median_of: dict[str, float]) -> Figure:
    """The table and its bars."""
    bare = median_of["bare"]
    named = {
        "the bare statement": bare,
        "to transitions, a thousand alerts stand": median_of["standing"],
        "to transitions, a thousand alerts open": first,
        "to transitions, a verdict on each": median_of["long way"],
        "upkeep of `latest`, every series": median_of["upkeep"],
    }
    rows = [(name, f"{seconds:.3f}", f"{seconds / bare:.1f}") for name, seconds in named.items()]
    ratio = median_of["standing"] / bare
    bars = [Bar("to transitions, a thousand alerts stand / the bare statement", f"at most {LIMIT}", f"{ratio:.2f}", ratio <= LIMIT)]
    return Figure("rules", "Rules", HOW, [Rows("", "CPU, s", "ratio", rows=rows)], bars)

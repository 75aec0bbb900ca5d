"""The rule engine: a hundred thousand series against the shipped limits, from `latest` to transitions, beside the bare statement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import psutil

from bench.page import Bar, Figure, Rows
from bench.process import create
from include.audiences import Routes
from include.config.settings import Settings
from include.config.targets import HostTarget, Targets
from include.directory import Directory
from include.evaluating import Evaluating
from include.model import Run, utc_now
from include.queries import named_queries
from include.rules import traits_of
from include.rules.thresholds import Thresholds
from include.store import Store, connect, migrations, samples
from local.postgres import throwaway

SERIES, ROUNDS, LIMIT = 100_000, 7, 2.0
QUERIES = {name: text.encode() for name, text in named_queries(Path(__file__).with_name("rules.sql")).items()}
HOW = f"""{SERIES:,} series of `cpu_usage`, one in a hundred in breach; the limits of system_health as shipped. CPU seconds of this
process and of its server session together, medians of {ROUNDS} rounds in turns: the bare statement that finds the values beyond a limit
that stands beside each of them; ours to verdicts; and ours to transitions, at first when a thousand alerts open, then while they stand. The
last line is what keeping `latest` costs when a new value of every series arrives."""


@dataclass
class Engine:
    """A store with its series, and the duty that judges them."""

    store: Store
    evaluating: Evaluating
    now: datetime

    @property
    def run(self) -> Run:
        """A run at this moment."""
        return Run("system_health", f"bench-{self.now:%H%M%S.%f}", self.now, timedelta(minutes=5))

    def verdicts(self) -> int:
        """Judge, and write nothing."""
        return len(list(Thresholds().verdicts(self.store, self.run, self.evaluating.settings, self.now)))

    def transitions(self) -> int:
        """Judge and write what comes of it."""
        with self.store.transaction():
            return len(self.evaluating.apply(self.store, self.evaluating.judge(self.store, self.run, self.now), self.run, self.now))

    def renew(self) -> None:
        """The same values are measured a little later."""
        self.now += timedelta(seconds=1)
        self.store.connection.execute(QUERIES["renew"], {"now": self.now})
        self.store.connection.execute("vacuum latest, alert")

    def bare(self) -> int:
        """The yardstick."""
        return len(self.store.connection.execute(QUERIES["bare"]).fetchall())

    def arrive(self) -> int:
        """A new value for every series."""
        with self.store.rehearsal():
            samples.make_room(self.store)
            self.store.connection.execute(QUERIES["arrive"], {"now": self.now + timedelta(seconds=1)})
            return samples.settle(self.store)


def measure() -> Figure:
    """Fill, then measure in turns."""
    with throwaway() as server:
        store = connect(create(server, "rules"), "bench")
        engine = filled(store)
        first = cpu(store, engine.transitions)
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
        store.connection.execute(QUERIES[name], {"series": SERIES, "now": now})
    store.connection.execute("vacuum analyze series, latest, bare_limit")
    routes = Routes(settings, ("email",), frozenset({"email"}), "admin@example.com")
    directory = Directory(settings, routes.default_receiver, routes.standing, traits_of(settings))
    return Engine(store, Evaluating((Thresholds(),), settings, directory, None, utc_now), now)


def hosts() -> tuple[HostTarget, ...]:
    """The targets of the series: what is not watched is not judged."""
    numbers = range(1, SERIES + 1)
    return tuple(HostTarget.model_construct(name=f"host-{n}", environment="dev" if n % 2 else "prod") for n in numbers)


def works(engine: Engine) -> dict[str, Callable[[], int]]:
    """What is measured."""
    return {"bare": engine.bare, "verdicts": engine.verdicts, "standing": engine.transitions, "upkeep": engine.arrive}


def cpu(store: Store, work: Callable[[], int]) -> float:
    """CPU seconds of this process and of its session on the server."""
    session = psutil.Process(store.connection.info.backend_pid)
    before, started = spent(session), time.process_time()
    assert work()
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
        "to verdicts": median_of["verdicts"],
        "to transitions, a thousand alerts open": first,
        "to transitions, they stand": median_of["standing"],
        "upkeep of `latest`, every series": median_of["upkeep"],
    }
    rows = [(name, f"{seconds:.3f}", f"{seconds / bare:.1f}") for name, seconds in named.items()]
    ratio = median_of["standing"] / bare
    bars = [Bar("to transitions, they stand / the bare statement", f"at most {LIMIT}", f"{ratio:.2f}", ratio <= LIMIT)]
    return Figure("rules", "Rules", HOW, [Rows("", "CPU, s", "ratio", rows=rows)], bars)

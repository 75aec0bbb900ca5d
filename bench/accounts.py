"""Collect and Evaluate over a million accounts and more, against the bare statement that counts them and the COPY of what changed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench import tables
from bench.page import Bar, Figure, Rows
from bench.process import DURABLE, ROOT, airflow_home, create, python
from include.model import utc_now
from include.queries import named_queries
from include.store import connect, migrations
from local.postgres import Server, throwaway

QUERIES = {name: text.encode() for name, text in named_queries(Path(__file__).with_name("changed.sql")).items()}
DUTY = ROOT / "dags" / "account_expiration.py"
EMPTY = ROOT / "bench" / "empty_dag.py"
ROUNDS = 5
LIMIT, MOST_MIB = 2.0, 60


HOW = f"""SecureNet's tables, filled by COPY: 0.5 % of the users in the 30-day window over four kinds, an organisation for every 10,000
users. After a first run 0.1 % of the users pass their end. Then the tasks Collect and Evaluate run, each in a fresh process, timed
inside `execute`: imports, connections, the list, 28 samples and 4 alerts for each organisation, a reminder to each owner. The
yardstick runs before them in each of {ROUNDS} rounds: the one statement that counts the four kinds per organisation and step, plus
the COPY of the rows that changed. Each round begins with the store as the first run left it. The first run also counts all active
accounts and what ends on each of the next 90 days; where that takes more than a tenth of a second it is done once a day, and so it
stands apart here."""


@dataclass(frozen=True)
class Round:
    """One round: the yardstick in seconds, then the two tasks as `bench.task` tells of them, and an empty one's peak memory in MiB."""

    bare: float
    copied: float
    collect: Mapping[str, Any]
    evaluate: Mapping[str, Any]
    empty: float

    @property
    def ours(self) -> float:
        """Seconds inside `execute`, both tasks."""
        return float(self.collect["seconds"] + self.evaluate["seconds"])

    @property
    def ratio(self) -> float:
        """Against the yardstick."""
        return self.ours / (self.bare + self.copied)

    @property
    def memory(self) -> float:
        """MiB of the larger task above the empty one."""
        return float(max(self.collect["peak"], self.evaluate["peak"]) - self.empty)


@dataclass(frozen=True)
class Measured:
    """A system of so many users: the first run, which counts all of them, and the rounds after it."""

    users: int
    collect: Mapping[str, Any]
    evaluate: Mapping[str, Any]
    census: float
    rounds: Sequence[Round]


@dataclass(frozen=True)
class System:
    """A watched system and its store on one server, both filled; `expired_at` is when the newly expired accounts did."""

    server: Server
    watched: str
    environment: Mapping[str, str]
    expired_at: datetime

    def task(self, name: str, run_id: str) -> dict[str, Any]:
        """One task of the duty in a fresh process."""
        done = python("bench.task", str(DUTY), name, run_id, environment=self.environment)
        assert done["counts"].get("source_up", 1) == 1, done["counts"]
        return done

    def empty(self) -> float:
        """The peak memory of a task that does nothing."""
        return float(python("bench.task", str(EMPTY), "nothing", "empty", environment=self.environment)["peak"])


def measure(users: Sequence[int]) -> Figure:
    """One server after the other: only one system is on the disk at a time."""
    return figure([measure_one(number) for number in users])


def measure_one(users: int) -> Measured:
    """Build the system, let the first run take stock, age the accounts, then measure."""
    with throwaway(**DURABLE) as server, airflow_home() as home:
        system = build(server, home, users)
        system.empty()  # compiles what an empty task imports
        collect, evaluate = system.task("collect", "first"), system.task("evaluate", "first")
        with psycopg.connect(system.watched, autocommit=True) as watched:
            expired = tables.age(watched, system.expired_at + timedelta(minutes=30))
            assert expired, "nobody expired: the tables were filled more than half an hour ago"
            watched.execute("vacuum analyze users")
            watched.execute(QUERIES["make"])
        census = freeze(server)
        return Measured(users, collect, evaluate, census, [one_round(system, f"round{number}") for number in range(ROUNDS)])


def build(server: Server, home: Mapping[str, str], users: int) -> System:
    """Both databases."""
    watched, store, now = create(server, "securenet"), create(server, "monitoring"), utc_now()
    tables.fill(watched, users, now)
    opened = connect(store, "bench")
    migrations.migrate(opened)
    opened.connection.close()
    connections = {"AIRFLOW_CONN_MONITORING_DB": store, "AIRFLOW_CONN_SECURENET_DB": watched, "SECURENET_ADMIN_EMAIL": "admin@example.com"}
    return System(server, watched, {**home, **connections}, now - timedelta(minutes=30))


def freeze(server: Server) -> float:
    """Keep the store as it is after the first run, for each round to begin with; how long that run's census took."""
    with psycopg.connect(server.dsn("monitoring"), autocommit=True, options="-c search_path=monitoring") as store:
        store.execute("vacuum analyze")
        row = store.execute(QUERIES["census"]).fetchone()
    create(server, "frozen", "monitoring")
    return float(row[0]) if row else 0.0


def one_round(system: System, run_id: str) -> Round:
    """The yardstick, then ours, on a store that has seen nothing but the first run."""
    create(system.server, "monitoring", "frozen")
    bare, copied = yardstick(system)
    return Round(bare, copied, system.task("collect", run_id), system.task("evaluate", run_id), system.empty())


def yardstick(system: System) -> tuple[float, float]:
    """Seconds of the bare statement, and of the COPY of the rows that changed with its commit."""
    with psycopg.connect(system.watched, autocommit=True) as watched:
        bare, _ = timed(lambda: watched.execute(tables.BARE.encode(), {"now": utc_now()}).fetchall())
        with watched.cursor().copy(QUERIES["read"], {"expired_at": system.expired_at}) as rows:
            changed = b"".join(rows)
        copied, _ = timed(lambda: load(watched, changed))
        watched.execute(QUERIES["clear"])
    return bare, copied


def load(watched: psycopg.Connection[Any], rows: bytes) -> None:
    """COPY, and nothing else."""
    with watched.cursor().copy(QUERIES["load"]) as copy:
        copy.write(rows)


def timed(work: Any) -> tuple[float, Any]:
    """Seconds, and what the work returned."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def figure(measured: Sequence[Measured]) -> Figure:
    """The tables and the bars."""
    return Figure(
        "accounts",
        "Accounts",
        HOW,
        [seconds(measured), first_runs(measured), Rows("users", "what Evaluate did", rows=[deeds(one) for one in measured])],
        [bar for one in measured for bar in bars(one)],
    )


def seconds(measured: Sequence[Measured]) -> Rows:
    """The rounds."""
    parts: dict[str, Any] = {
        "bare statement, s": lambda one: one.bare,
        "COPY of the changes, s": lambda one: one.copied,
        "Collect, s": lambda one: one.collect["seconds"],
        "Evaluate, s": lambda one: one.evaluate["seconds"],
        "ratio": lambda one: one.ratio,
        "memory above an empty task, MiB": lambda one: one.memory,
    }
    rows = [
        (f"{one.users:,}", name, *(f"{pick(map(part, one.rounds)):.2f}" for pick in (median, min, max)))
        for one in measured
        for name, part in parts.items()
    ]
    return Rows("users", "", "median", "min", "max", rows=rows)


def first_runs(measured: Sequence[Measured]) -> Rows:
    """What the first run cost, and the census in it."""
    rows = [
        (f"{one.users:,}", *(f"{value:.2f}" for value in (one.collect["seconds"], one.census, one.evaluate["seconds"]))) for one in measured
    ]
    return Rows("users", "first Collect, s", "the census in it, s", "first Evaluate, s", rows=rows)


def deeds(measured: Measured) -> tuple[str, str]:
    """What the last round's Evaluate returned."""
    counts = measured.rounds[-1].evaluate["counts"]
    return f"{measured.users:,}", ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in counts.items()
    )


def bars(measured: Measured) -> list[Bar]:
    """Time and memory."""
    ratio = median(one.ratio for one in measured.rounds)
    memory = max(one.memory for one in measured.rounds)
    return [
        Bar(f"{measured.users:,} users: Collect and Evaluate / yardstick, median", f"at most {LIMIT}", f"{ratio:.2f}", ratio <= LIMIT),
        Bar(
            f"{measured.users:,} users: memory above an empty task, largest",
            f"at most {MOST_MIB} MiB",
            f"{memory:.0f} MiB",
            memory <= MOST_MIB,
        ),
    ]

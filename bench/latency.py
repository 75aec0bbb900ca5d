"""From a fault to its message, and from the repair to the all-clear, through `make up`; beside what else is installed."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles

import yaml

from bench import peers
from bench.faults import Address, Fault, addresses, databases, failing, frozen, gone
from bench.hearing import OURS, Heard, hearing
from bench.page import Bar, Figure, Rows
from bench.services import store, until
from local.apart import apart, exported, overlaid
from local.postgres import Server

TARGETS = 20
INTERVAL = 30
LONGEST = {"problem": 150, "recovery": 400}
ANY_PHASE, LASTS = 1.3 * INTERVAL, (10, 40)
WITHOUT = "unconfirmed: database stopped or killed"
# Kind of fault -> the most that half of the messages, and all but one in twenty, may take, in seconds; None: no bar.
BARS = {
    "database stopped or killed": (2.0, 4.0),
    "database frozen": (12.0, None),
    "HTTP fails": (18.0, 34.0),
    WITHOUT: (0.5, None),
}
ANSWER = """select count(*) >= %s from monitoring.latest l join monitoring.series s on s.id = l.series_id
where s.metric = any(%s) and l.value = 1"""
FENCE = "select coalesce(max(fence), 0) from monitoring.lease where watcher = 'database_connectivity'"
HOW = f"""`make up` in a folder of its own, {TARGETS} PostgreSQL servers and {TARGETS} HTTP addresses (`interval: {INTERVAL}s`) as its
targets, all else as shipped but for the cap on mails a minute. Each target is broken once for each kind of fault, at a moment of its own,
lasts so for {LASTS[0]} to {LASTS[1]} s, and is mended. Seconds from just before the fault until an SMTP server outside has the mail, and
from the moment that the target answers again until it has the all-clear. A database is stopped or, every second one, killed; frozen
is SIGSTOP to all its processes; HTTP fails with status 503. Three probes agree before a message leaves, but in the rows that say
*unconfirmed* (`confirmations: 0`). Prometheus (30 s: scrape 30 s, evaluation 15 s, group_wait 30 s, group_interval 5 m; tuned: 1 s, 1 s,
0 s, 1 s) sees the same faults through blackbox_exporter, by HTTP and TCP, and Alertmanager posts to an HTTP server beside; Icinga (30 s,
at once or after 3 attempts 10 s apart) runs its plugins check_http and check_tcp. They are not asked about frozen databases, which TCP does
not notice."""


@dataclass(frozen=True)
class Trial:
    """What one fault came to: seconds until its problem or recovery was heard of, None when it was not."""

    who: str
    kind: str
    what: str
    seconds: float | None


def measure() -> Figure:
    """Every kind of fault, as shipped; then databases without confirmation."""
    with (
        tempfile.TemporaryDirectory(prefix="securenet-bench-") as scratch,
        hearing() as heard,
        databases(TARGETS) as servers,
        addresses(TARGETS) as served,
        running(Path(scratch), heard, servers, served) as stack,
        ThreadPoolExecutor(2 * TARGETS) as hands,  # to the end: a server does not outlive the thread that started it
    ):
        killed = [gone(name, server, number) for number, (name, server) in enumerate(servers.items())]
        at = {name: server.address for name, server in servers.items()} | {name: url(address) for name, address in served.items()}
        with peers.watching(Path(scratch), at, heard.http) as others:
            trials = rehearse(hands, [*killed, *map(failing, served.values())], heard, (OURS, *others))
        trials += rehearse(hands, [frozen(name, server) for name, server in servers.items()], heard, (OURS,))
        unconfirmed(Path(scratch), stack)
        trials += rehearse(hands, [replace(one, kind=WITHOUT) for one in killed], heard, (OURS,))
    return figure(trials)


@contextmanager
def running(folder: Path, heard: Heard, servers: Mapping[str, Server], served: Mapping[str, Address]) -> Iterator[dict[str, str]]:
    """The stack, once both watchers have seen all targets answer."""
    folder.chmod(0o711)
    watched = {
        "databases": [{"name": name, "connection": name} for name in servers],
        "apis": [{"name": address.name, "url": url(address), "interval": f"{INTERVAL}s"} for address in served.values()],
    }
    overlay = {"targets": watched, "alerts": {"caps": {"email": {"messages": 1000, "per": "1m", "burst": 1000, "reserve": 1000}}}}
    mail = f"smtp://127.0.0.1:{heard.smtp}/?from_email=m%40example.com&disable_ssl=true&disable_tls=true"
    connections = {f"AIRFLOW_CONN_{name.upper()}": server.dsn("postgres") for name, server in servers.items()}
    quick = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5"}
    with apart(folder, yaml.safe_dump(overlay), AIRFLOW_CONN_SMTP_DEFAULT=mail, **connections, **quick) as environment:
        stack = exported(environment)
        until(stack, ANSWER, 2 * TARGETS, ["database_up", "api_up"])
        yield stack


def url(address: Address) -> str:
    """Where it is."""
    return f"http://127.0.0.1:{address.port}/"


def unconfirmed(folder: Path, stack: Mapping[str, str]) -> None:
    """One failed probe is enough from now on: once a new watcher works by that."""
    fence, overlay = store(stack, FENCE), overlaid(folder)
    content = yaml.safe_load(overlay.read_text())
    content["monitoring"]["database_connectivity"] = {"confirmations": 0}
    overlay.write_text(yaml.safe_dump(content))
    until(stack, f"select ({FENCE}) > %s", fence)


def rehearse(hands: Executor, faults: Sequence[Fault], heard: Heard, who: tuple[str, ...]) -> list[Trial]:
    """All faults, each by itself at a moment of its own."""
    print(f"{len(faults)} faults ...", flush=True)
    return [trial for trials in hands.map(lambda fault: list(attempt(fault, heard, who)), faults) for trial in trials]


def attempt(fault: Fault, heard: Heard, who: tuple[str, ...]) -> Iterator[Trial]:
    """Break it, wait for the problem; mend it, wait for the recovery."""
    chance = random.Random(fault.target + fault.kind)
    time.sleep(chance.uniform(0, ANY_PHASE))
    heard.forget(fault.target)
    began = fault.begin()
    told = heard.wait(who, fault.target, "problem", LONGEST["problem"])
    time.sleep(chance.uniform(*LASTS))
    ended = fault.end()
    over = heard.wait(tuple(told), fault.target, "recovery", LONGEST["recovery"])
    for one in who:
        yield Trial(one, fault.kind, "problem", told[one] - began if one in told else None)
        yield Trial(one, fault.kind, "recovery", over[one] - ended if one in over else None)


def figure(trials: Sequence[Trial]) -> Figure:
    """The tables and the bars."""
    groups = list(dict.fromkeys((one.kind, one.what, one.who) for one in trials))
    columns = ("fault", "message", "by", "n", "p50, s", "p95", "max", "not told")
    rows = [row(group, seconds(trials, *group)) for group in groups]
    bars = [
        bar for kind, limits in BARS.items() for what in LONGEST for bar in bars_of(kind, what, limits, seconds(trials, kind, what, OURS))
    ]
    return Figure("latency", "From a fault to its message", HOW, [Rows(*columns, rows=rows)], bars)


def seconds(trials: Iterable[Trial], kind: str, what: str, who: str) -> list[float | None]:
    """How long it took each time."""
    return [one.seconds for one in trials if (one.kind, one.what, one.who) == (kind, what, who)]


def row(group: tuple[str, str, str], took: Sequence[float | None]) -> tuple[str, ...]:
    """A line of the table."""
    told = [one for one in took if one is not None]
    figures = [f"{value:.2f}" for value in (percentile(told, 50), percentile(told, 95), max(told))] if told else ["-"] * 3
    return *group, str(len(took)), *figures, str(len(took) - len(told))


def bars_of(kind: str, what: str, limits: tuple[float, float | None], took: Sequence[float | None]) -> Iterator[Bar]:
    """What half of the messages and all but one in twenty may take; one that was not told took for ever."""
    waited = [float("inf") if one is None else one for one in took]
    for part, limit in zip((50, 95), limits, strict=True):
        if limit is not None:
            value = percentile(waited, part)
            yield Bar(f"{kind}: {what}, p{part}", f"at most {limit:g} s", f"{value:.2f} s", value <= limit)


def percentile(values: Sequence[float], part: int) -> float:
    """The p-th percentile, between two values where it falls between them."""
    return quantiles(values, n=100, method="inclusive")[part - 1]

"""What a thousand HTTP targets cost: how late their probes are, CPU over connections that are kept, and memory in the long run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import yaml

from bench.page import Bar, Figure, Rows
from bench.probes import EARLY
from bench.process import ROOT, python
from bench.services import cpu, stack, until
from include.probes.http import offset
from local.apart import exported

TARGETS = 1000
INTERVAL = 30
SETTLE, SECONDS = 60, 120
ROUNDS = 120
SERVICES = ("triggerer", "postgres")
# The wall clock, by which a turn is told, is corrected while the probes go by one that is not.
EARLIER = 0.1
WELL = """select count(*) = %s from monitoring.latest l join monitoring.series s on s.id = l.series_id
where s.metric = 'api_up' and s.labels ->> 'target' like 'target-%%' and l.value = 1 and l.at > now() - interval '40 s'"""
SEEN = """select s.labels ->> 'target', extract(epoch from p.at)::float8, p.value = 1
from monitoring.sample p join monitoring.series s on s.id = p.series_id
where s.metric = 'api_up' and s.labels ->> 'target' like 'target-%%' and p.at > now() - make_interval(secs => %s)"""
HOW = f"""`make up` in a folder of its own; then {TARGETS:,} targets every {INTERVAL} s, out of a list that changes, against a server in a
process beside; each answer is checked for a value in its JSON. For {SECONDS} s, {SETTLE} s after all were seen: how long after its turn
each probe began, by what the store has of it, and the CPU of the whole triggerer and of PostgreSQL, which measure, store and judge, in
percent of one core, less what they took before there were targets. Then, in a process that does nothing else, {ROUNDS} rounds back
to back: memory after round {EARLY} and after the last."""


@dataclass(frozen=True)
class Watched:
    """What so many seconds came to: probes as (seconds after their turn, whether they were well), and CPU seconds by service."""

    probes: Sequence[tuple[float, bool]]
    cpu: Mapping[str, float]


def measure() -> Figure:
    """Without TLS, then with it."""
    with serving() as (plain, secured, authority):
        urls = {"plain": plain, "TLS": secured}
        told = in_the_triggerer(urls)
        amounts = (authority, str(TARGETS), str(ROUNDS))
        long = {name: python("bench.probes", url, *amounts, environment=os.environ) for name, url in urls.items()}
    return figure(told, long)


@contextmanager
def serving() -> Iterator[tuple[str, str, str]]:
    """The servers: an address without TLS, one with it, and the file of the authority."""
    with tempfile.TemporaryDirectory(prefix="securenet-bench-") as folder:
        authority = str(Path(folder) / "authority.pem")
        command = [sys.executable, "-m", "bench.answers", authority]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout
                plain, secured = server.stdout.readline().split()
                yield f"http://127.0.0.1:{plain}/health", f"https://127.0.0.1:{secured}/health", authority
            finally:
                server.terminate()


def in_the_triggerer(urls: Mapping[str, str]) -> dict[str, Watched]:
    """One kind of address after the other, and first none."""
    with tempfile.TemporaryDirectory(prefix="securenet-bench-") as folder:
        Path(folder).chmod(0o711)
        listed = Path(folder) / "targets.json"
        write(listed, [])
        set_for_all = {"interval": f"{INTERVAL}s", "verify": False, "expect": {"json": {"status": "ok"}}}
        overlay = {"targets": {"discover": [{"kind": "apis", "file": str(listed), "set": set_for_all}]}}
        with stack(yaml.safe_dump(overlay)) as environment:
            run, opened = Path(environment["SECURENET_RUN"]), exported(environment)
            time.sleep(SETTLE)
            told = {"none": watch(run, opened)}
            for name, url in urls.items():
                write(listed, [url] * TARGETS)
                until(opened, WELL, TARGETS)
                time.sleep(SETTLE)
                told[name] = watch(run, opened)
    return told


def write(listed: Path, urls: Sequence[str]) -> None:
    """The list as it shall be from now on."""
    groups = [{"targets": [url], "labels": {"name": f"target-{number}"}} for number, url in enumerate(urls)]
    fresh = listed.with_suffix(".new")
    fresh.write_text(json.dumps(groups))
    fresh.rename(listed)


def watch(run: Path, opened: Mapping[str, str]) -> Watched:
    """What the triggerer does and takes for a while."""
    before = {name: cpu(run, name) for name in SERVICES}
    time.sleep(SECONDS)
    spent = {name: cpu(run, name) - before[name] for name in SERVICES}
    with psycopg.connect(opened["AIRFLOW_CONN_MONITORING_DB"]) as store:
        seen = store.execute(SEEN.encode(), [SECONDS]).fetchall()
    return Watched([(lateness(target, at), up) for target, at, up in seen], spent)


def lateness(target: str, at: float) -> float:
    """Seconds since the target's turn."""
    return (at - offset(target) * INTERVAL + EARLIER) % INTERVAL - EARLIER


def figure(told: Mapping[str, Watched], long: Mapping[str, Mapping[str, Any]]) -> Figure:
    """The tables and the bars."""
    idle = told["none"]
    cost = {name: [100 * (told[name].cpu[service] - idle.cpu[service]) / SECONDS for service in SERVICES] for name in long}
    columns = ("connections", "probes", "failed", "late, typical", "late, worst", *SERVICES, f"memory, round {EARLY}", f"round {ROUNDS}")
    rows = [row(name, told[name], cost[name], long[name]) for name in long]
    late = max(seconds for name in long for seconds, _ in told[name].probes)
    grown = max(100 * (one["end"] / one["early"] - 1) for one in long.values())
    bars = [
        Bar("latest probe, s", "at most 1", f"{late:.2f}", late <= 1),
        Bar("triggerer, plain, of one core", "at most 30 %", f"{cost['plain'][0]:.1f} %", cost["plain"][0] <= 30),
        Bar(f"memory, round {ROUNDS} against {EARLY}", "at most 5 % more", f"{grown:+.1f} %", grown <= 5),
    ]
    return Figure("targets", f"{TARGETS:,} HTTP targets", HOW, [Rows(*columns, rows=rows)], bars)


def row(name: str, one: Watched, cost: Sequence[float], long: Mapping[str, Any]) -> tuple[str, ...]:
    """The figures of one kind of connection."""
    late = sorted(seconds for seconds, _ in one.probes)
    failed = sum(not up for _, up in one.probes)
    seconds = (f"{late[len(late) // 2] * 1000:.0f} ms", f"{late[-1] * 1000:.0f} ms")
    memory = (f"{long['early']:.0f} MiB", f"{long['end']:.0f} MiB")
    return name, f"{len(late):,}", f"{failed:,}", *seconds, *(f"{one:.1f} %" for one in cost), *memory

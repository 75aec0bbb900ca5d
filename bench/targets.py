"""What a thousand HTTP targets cost: how late their probes are, CPU over connections that are kept, and memory in the long run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.page import Bar, Figure, Rows
from bench.probes import EARLY, INTERVAL
from bench.process import ROOT, python

TARGETS = 1000
SECONDS = 120
ROUNDS = 120
HOW = f"""{TARGETS:,} targets every {INTERVAL} s with `Probing` and `HttpProbe` in one process, against a server in another one; each
answer is checked for a value in its JSON. For {SECONDS} s after a first interval: how long after its turn each probe began, and the CPU of
the process in percent of one core, less that of one with no target. Then {ROUNDS} rounds back to back: memory after round {EARLY} and after
the last. Storing and judging what is seen is not in it."""


def measure() -> Figure:
    """Without TLS, then with it."""
    with serving() as (plain, secured, authority):
        idle = ask("schedule", plain, authority, 0, SECONDS)
        told = {name: ask("schedule", url, authority, TARGETS, SECONDS) for name, url in (("plain", plain), ("TLS", secured))}
        long = {name: ask("rounds", url, authority, TARGETS, ROUNDS) for name, url in (("plain", plain), ("TLS", secured))}
    return figure(idle, told, long)


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


def ask(mode: str, url: str, authority: str, targets: int, amount: int) -> dict[str, Any]:
    """What probes in a process of their own say."""
    return python("bench.probes", mode, url, authority, str(targets), str(amount), environment=os.environ)


def figure(idle: dict[str, Any], told: dict[str, dict[str, Any]], long: dict[str, dict[str, Any]]) -> Figure:
    """The tables and the bars."""
    cost = {name: 100 * (one["cpu"] - idle["cpu"]) for name, one in told.items()}
    growth = {name: 100 * (one["end"] / one["early"] - 1) for name, one in long.items()}
    columns = ("connections", "probes", "failed", "late, typical", "late, worst", "CPU", "memory", f"round {EARLY}", f"round {ROUNDS}")
    rows = [row(name, one, cost[name], long[name]) for name, one in told.items()]
    late, grown = max(one["late"] for one in told.values()), max(growth.values())
    bars = [
        Bar("latest probe, s", "at most 1", f"{late:.2f}", late <= 1),
        Bar("CPU of one core, plain", "at most 30 %", f"{cost['plain']:.1f} %", cost["plain"] <= 30),
        Bar(f"memory, round {ROUNDS} against {EARLY}", "at most 5 % more", f"{grown:+.1f} %", grown <= 5),
    ]
    return Figure("targets", f"{TARGETS:,} HTTP targets", HOW, [Rows(*columns, rows=rows)], bars)


def row(name: str, one: dict[str, Any], cost: float, long: dict[str, Any]) -> tuple[str, ...]:
    """The figures of one kind of connection."""
    late = (f"{one['typical'] * 1000:.0f} ms", f"{one['late'] * 1000:.0f} ms")
    memory = (f"{one['mib']:.0f} MiB", f"{long['early']:.0f} MiB", f"{long['end']:.0f} MiB")
    return name, f"{one['probes']:,}", f"{one['failed']:,}", *late, f"{cost:.1f} %", *memory

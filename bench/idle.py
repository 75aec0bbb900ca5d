"""What an hour of `escalation` costs in which nothing happens: its watcher, and the run that judges the monitoring every 5 minutes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from bench.page import Bar, Figure, Rows
from bench.process import DURABLE, ROOT, airflow_home, create, python
from include.store import connect, migrations
from local.postgres import throwaway

SECONDS = 180
RUNS = 12
TASKS = ("collect", "evaluate", "notify")
DUTY = ROOT / "dags" / "escalation.py"
HOW = f"""The watcher of `escalation` for {SECONDS} s on a store where nothing is due, in a process of its own: CPU of that process
after its imports, and of the PostgreSQL server that it asks, times {3600 // SECONDS}. The {RUNS} runs of an hour: CPU inside
`execute` of their three tasks, each in a fresh process; what Airflow itself needs for a task comes on top and is the same for any."""


def measure() -> Figure:
    """The watcher, then its duty's tasks."""
    with throwaway(**DURABLE) as server, airflow_home() as home:
        dsn = create(server, "monitoring")
        store = connect(dsn, "bench")
        migrations.migrate(store)
        store.connection.close()
        smtp = "smtp://127.0.0.1:25/?from_email=m%40example.com&disable_ssl=true&disable_tls=true"
        environment = {**home, "AIRFLOW_CONN_MONITORING_DB": dsn, "AIRFLOW_CONN_SMTP_DEFAULT": smtp}
        before = postgres_cpu(server.folder)
        watcher = watch(environment)
        database = postgres_cpu(server.folder) - before
        tasks = sum(float(python("bench.task", str(DUTY), task, "idle", environment=environment)["cpu"]) for task in TASKS)
    return figure(watcher * 3600 / SECONDS, database * 3600 / SECONDS, tasks * RUNS)


def watch(environment: Mapping[str, str]) -> float:
    """CPU seconds of the watcher."""
    command = [sys.executable, "-m", "bench.watch", "escalation", str(SECONDS)]
    done = subprocess.run(command, env=dict(environment), cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def postgres_cpu(folder: Path) -> float:
    """CPU seconds of the server and of all its processes, those that have ended included."""
    pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    times = [process.cpu_times() for process in processes]
    return sum(time.user + time.system for time in times) + times[0].children_user + times[0].children_system


def figure(watcher: float, database: float, tasks: float) -> Figure:
    """The hour."""
    parts = {"watcher": watcher, "PostgreSQL for it": database, f"tasks of {RUNS} runs": tasks}
    table = Rows("", "CPU seconds in an hour", rows=[(name, f"{value:.1f}") for name, value in parts.items()])
    total = watcher + database
    return Figure(
        "idle",
        "An idle hour of escalation",
        HOW,
        [table],
        [Bar("watcher and PostgreSQL, CPU s", "at most 36 (1 %)", f"{total:.1f}", total <= 36)],
    )

"""What all duties cost while nothing happens: `make up`, and the same Airflow with as many empty DAGs, schedules and tasks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from bench.page import Bar, Figure, Rows
from bench.process import airflow_home, python
from local.apart import apart, exported, make
from local.daemon import Daemon

SETTLE, SECONDS = 90, 600
SERVICES = ("scheduler", "dag-processor", "triggerer", "api-server", "postgres", "securenet", "inbox")
HOW = f"""`make up` in a folder of its own; {SETTLE} s later the CPU of each service with all processes that it has or had, for {SECONDS} s
in which nothing is broken: this host, two databases and the application are watched as shipped. Then the same stack, started again with
DAG files of the same names, schedules and tasks in which nothing is done. Percent of one core."""


def measure() -> Figure:
    """Ours, then the empty one."""
    with tempfile.TemporaryDirectory(prefix="securenet-bench-") as scratch:
        folder, empty = Path(scratch), Path(scratch) / "empty"
        folder.chmod(0o711)
        empty.mkdir()
        with airflow_home() as home:
            python("bench.empty_duties", str(empty), environment=home)
        with apart(folder, "") as environment:
            ours = watch(exported(environment))
            make(environment, "down")
            environment["AIRFLOW__CORE__DAGS_FOLDER"] = str(empty)
            make(environment, "up")
            theirs = watch(exported(environment))
    return figure(ours, theirs)


def watch(stack: Mapping[str, str]) -> dict[str, float]:
    """The CPU of each service, in percent of one core."""
    time.sleep(SETTLE)
    run = Path(stack["SECURENET_RUN"])
    before, began = {name: cpu(run, name) for name in SERVICES}, time.monotonic()
    time.sleep(SECONDS)
    passed = time.monotonic() - began
    return {name: 100 * (cpu(run, name) - before[name]) / passed for name in SERVICES}


def cpu(run: Path, service: str) -> float:
    """CPU seconds of a service: of its processes, and of those that they have waited for."""
    return sum(sum(process.cpu_times()[:4]) for process in processes(run, service))


def processes(run: Path, service: str) -> Iterator[psutil.Process]:
    """The process that was started, and all below it."""
    first = psutil.Process(Daemon(run / service / "pid", run).pid)
    yield first
    yield from first.children(recursive=True)


def figure(ours: Mapping[str, float], theirs: Mapping[str, float]) -> Figure:
    """The table and the bar."""
    rows = [(name, f"{ours[name]:.1f} %", f"{theirs[name]:.1f} %") for name in SERVICES]
    total = sum(ours.values()), sum(theirs.values())
    table = Rows("service", "all duties", "empty DAGs", rows=[*rows, ("all", *(f"{value:.1f} %" for value in total))])
    more = total[0] - total[1]
    return Figure(
        "resting", "All duties while nothing happens", HOW, [table], [Bar("more of one core", "at most 10 %", f"{more:.1f} %", more <= 10)]
    )

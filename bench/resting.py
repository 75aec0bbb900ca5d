"""What all duties cost while nothing happens: `make up`, and the same Airflow with as many empty DAGs, schedules and tasks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from bench.page import Bar, Figure, Rows
from bench.process import airflow_home, python
from bench.services import cpu, stack
from local.apart import make

SETTLE, SECONDS = 90, 600
SERVICES = ("scheduler", "dag-processor", "triggerer", "api-server", "postgres", "securenet", "inbox")
HOW = f"""`make up` in a folder of its own, and beside it another one that was started again with DAG files of the same names, schedules and
tasks in which nothing is done. {SETTLE} s later the CPU of each service with all processes that it has or had, for {SECONDS} s in which
nothing is broken, of both at the same time: this host, two databases and the application are watched as shipped. Percent of one core."""


def measure() -> Figure:
    """Ours and the empty one, side by side."""
    with stack() as ours, stack() as theirs:
        empty = Path(theirs["SECURENET_RUN"]).parent / "empty"
        empty.mkdir()
        with airflow_home() as home:
            python("bench.empty_duties", str(empty), environment=home)
        make(theirs, "down")
        theirs["AIRFLOW__CORE__DAGS_FOLDER"] = str(empty)
        make(theirs, "up")
        return figure(*watch(Path(ours["SECURENET_RUN"]), Path(theirs["SECURENET_RUN"])))


def watch(*runs: Path) -> list[dict[str, float]]:
    """The CPU of each service of these stacks, in percent of one core."""
    time.sleep(SETTLE)
    before, began = [spent(run) for run in runs], time.monotonic()
    time.sleep(SECONDS)
    passed, after = time.monotonic() - began, [spent(run) for run in runs]
    return [{name: 100 * (now[name] - then[name]) / passed for name in SERVICES} for then, now in zip(before, after, strict=True)]


def spent(run: Path) -> dict[str, float]:
    """CPU seconds of each service so far."""
    return {name: cpu(run, name) for name in SERVICES}


def figure(ours: Mapping[str, float], theirs: Mapping[str, float]) -> Figure:
    """The table and the bar."""
    rows = [(name, f"{ours[name]:.1f} %", f"{theirs[name]:.1f} %") for name in SERVICES]
    total = sum(ours.values()), sum(theirs.values())
    table = Rows("service", "all duties", "empty DAGs", rows=[*rows, ("all", *(f"{value:.1f} %" for value in total))])
    more = total[0] - total[1]
    return Figure(
        "resting", "All duties while nothing happens", HOW, [table], [Bar("more of one core", "at most 10 %", f"{more:.1f} %", more <= 10)]
    )

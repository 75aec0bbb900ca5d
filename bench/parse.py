"""The parse of each DAG file against that of a file with one empty task."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.page import Bar, Figure, Rows
from bench.process import ROOT, airflow_home, python

EMPTY = ROOT / "bench" / "empty_dag.py"
ROUNDS = 40
LIMIT = 1.3
HOW = f"""Each DAG file {ROUNDS} times by Airflow's DAG processor (`DagFileProcessorProcess`), each time in the process that it forks for
a parse, in turns with a file that holds one empty task. Milliseconds of that process, from its fork to its end."""


def measure() -> Figure:
    """Every file once per round; a first process only fills the cache of compiled modules."""
    duties = sorted((ROOT / "dags").glob("*.py"))
    files = [str(file) for file in (EMPTY, *duties)]
    with airflow_home() as home:
        python("bench.parsing", "2", *files, environment=home)
        told = python("bench.parsing", str(ROUNDS), *files, environment=home)
    return figure(told, [file.name for file in duties])


def figure(told: dict[str, Any], duties: list[str]) -> Figure:
    """The tables and the bars."""
    empty = median(told[EMPTY.name]["cpu"])
    ratios = {name: median(told[name]["cpu"]) / empty for name in duties}
    heavy = sorted({module for name in duties for modules in told[name]["heavy"] for module in modules})
    return Figure(
        "parse",
        "Parsing",
        HOW,
        [
            Rows(
                "file",
                "CPU, median",
                "CPU, min",
                "wall, median",
                "wall, min",
                rows=[row(name, told[name]) for name in (EMPTY.name, *duties)],
            )
        ],
        [
            *(
                Bar(f"{name} / {EMPTY.name}, CPU medians", f"at most {LIMIT}", f"{ratio:.2f}", ratio <= LIMIT)
                for name, ratio in ratios.items()
            ),
            Bar("pandas, numpy, psycopg, fastapi imported", "none", ", ".join(heavy) or "none", not heavy),
        ],
    )


def row(name: str, told: dict[str, Any]) -> tuple[str, ...]:
    """One line of the table."""
    values = [pick(told[what]) * 1000 for what in ("cpu", "seconds") for pick in (median, min)]
    return (name, *map("{:.1f}".format, values))

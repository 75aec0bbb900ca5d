"""The table of duties, from the DAGs themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from include.config.duties import ONLY_WITH
from securenet.commands.check import ROOT, load_dag

if TYPE_CHECKING:
    from airflow.sdk import DAG

# **Title**, when: what. The rest of the docstring is for the UI.
HEAD = re.compile(r"\*\*(?P<title>.+?)\*\*, (?P<when>.+?): (?P<what>.+?)\n\n", re.DOTALL)


def table() -> str:
    """One row per file of dags/."""
    rows = [row(load_dag(path.stem)) for path in sorted((ROOT / "dags").glob("*.py"))]
    return "\n".join(["| DAG | when | schedule | what it does | tasks | trigger form |", "|---|---|---|---|---|---|", *rows])


def row(dag: DAG) -> str:
    """One duty. Raises ValueError when its docstring does not begin as all do."""
    head = HEAD.match(dag.doc_md or "")
    if head is None:
        raise ValueError(f"{dag.dag_id}: the docstring must begin with **Title**, when: what")
    tasks = " → ".join(task.task_id for task in dag.topological_sort())  # type: ignore[no-untyped-call]
    form = ", ".join(f"`{name}`" for name in dag.params)
    what = " ".join(head["what"].split())
    return f"| `{dag.dag_id}` | {head['when']} | {schedule(dag)} | {what} | {tasks} | {form} |"


def schedule(dag: DAG) -> str:
    """As cron writes it, with its zone."""
    timetable: Any = getattr(dag.timetable, "timetable", dag.timetable)
    expression = getattr(timetable, "expression", None)
    by_clock = f"`{expression}` {timetable.timezone}" if expression else ""
    by_watcher = "watcher" if "Asset" in type(dag.timetable).__name__ else ""
    without = f"none without `targets.{ONLY_WITH[dag.dag_id]}`" if dag.dag_id in ONLY_WITH else "by hand"
    return ", ".join(filter(None, (by_watcher, by_clock))) or without

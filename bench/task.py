"""`python -m bench.task FILE TASK RUN_ID`: one task as Airflow's task runner does it, after its imports and its parse of the DAG file.

Only `execute` is timed; there is no supervisor, so that the connections come from the environment. Airflow forks a task out of its
supervisor, which a task that asks for a connection would else import: that is loaded before.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import airflow.sdk.execution_time.supervisor  # noqa: F401
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.sdk.execution_time.task_runner import _run_execute_callable

from bench.process import peak_mib
from include.model import utc_now


def main(file: Path, task_id: str, run_id: str) -> None:
    """Print seconds and CPU seconds inside `execute`, the process's peak memory, and what `execute` returned."""
    task = load(file, task_id)
    dag_run = SimpleNamespace(dag_id=file.stem, run_id=run_id, run_after=utc_now())
    ti = SimpleNamespace(dag_id=file.stem, run_id=run_id, task_id=task_id, get_task_states=lambda **_: {})
    params = {"send_emails": "yes"} if "send_emails" in task.get_dag().params else {}
    context = {"params": params, "dag_run": dag_run, "ti": ti}
    started, cpu = time.perf_counter(), time.process_time()
    counts = _run_execute_callable(context, task.execute, task)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak_mib(), "counts": counts}))


def load(file: Path, task_id: str) -> Any:
    """The task, out of its DAG file as the task runner parses it."""
    bag = BundleDagBag(dag_folder=str(file), safe_mode=False, load_op_links=False, bundle_path=file.parent, bundle_name="bench")
    return bag.dags[file.stem].task_dict[task_id]


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3])

"""`python -m tests.bag FOLDER`: parse the DAG files as Airflow does, and print as JSON what came of it."""

from __future__ import annotations

import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag

HEAVY = ("pandas", "numpy", "psycopg", "fastapi", "matplotlib", "css_inline", "holidays")


def main(folder: str) -> None:
    """The last line printed: {"errors", "heavy", "dags"}."""
    bag = DagBag(folder)
    heavy = [name for name in HEAVY if name in sys.modules]
    print(json.dumps({"errors": bag.import_errors, "heavy": heavy, "dags": {name: told(dag) for name, dag in bag.dags.items()}}))


def told(dag: Any) -> dict[str, Any]:
    """What the policy looks at."""
    return {
        "doc": dag.doc_md,
        "file": dag.fileloc,
        "schedule": type(dag.schedule).__name__,
        "catchup": dag.catchup,
        "active": dag.max_active_runs,
        "limit": dag.dagrun_timeout.total_seconds(),
        "tags": sorted(dag.tags),
        "params": {name: dag.params.get_param(name).resolve() for name in dag.params},
        "tasks": [task_told(task) for task in dag.topological_sort()],
    }


def task_told(task: Any) -> dict[str, Any]:
    """What the policy looks at in a task."""
    return {
        "id": task.task_id,
        "owner": task.owner,
        "retries": task.retries,
        "backoff": float(task.retry_exponential_backoff),
        "limit": task.execution_timeout.total_seconds(),
        "rule": str(task.trigger_rule.value),
        "form": sorted(task.params),
        "weight": task.priority_weight,
        "weights": task.weight_rule.value if hasattr(task.weight_rule, "value") else str(task.weight_rule),
    }


if __name__ == "__main__":
    main(sys.argv[1])

"""`python -m bench.empty_duties FOLDER`: for each duty a DAG file of the same name, schedule and tasks, in which nothing is done."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag

TEMPLATE = '''"""A duty's DAG without its work."""

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, BaseOperator, CronTriggerTimetable


class Nothing(BaseOperator):
    """Does nothing."""

    def execute(self, context):
        """Nothing happened."""


with DAG({name!r}, schedule={schedule}, catchup=False, max_active_runs=1) as dag:
    tasks = [Nothing(task_id=name) for name in {tasks!r}]
    for before, after in zip(tasks, tasks[1:]):
        before >> after
'''


def main(folder: Path) -> None:
    """Write the files."""
    bag = DagBag()  # type: ignore[no-untyped-call]
    for name, dag in bag.dags.items():
        tasks = [task.task_id for task in dag.topological_sort()]  # type: ignore[no-untyped-call]
        (folder / f"{name}.py").write_text(TEMPLATE.format(name=name, schedule=schedule(name, dag.schedule), tasks=tasks))
    print(json.dumps({"files": len(bag.dags)}))


def schedule(name: str, given: Any) -> str:
    """The source of a schedule like this one, with an asset that nobody watches."""
    clock = getattr(given, "timetable", given)
    ticks = f"CronTriggerTimetable({clock.expression!r}, timezone='UTC')" if hasattr(clock, "expression") else ""
    asset = f"[Asset('empty_{name}')]"
    if hasattr(given, "timetable"):
        return f"AssetOrTimeSchedule(timetable={ticks}, assets={asset})"
    return ticks or (asset if given else "None")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

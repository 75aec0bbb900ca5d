"""One policy for all DAGs, held against what Airflow really loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from include.config.duties import WATCHDOG
from include.config.loading import load
from include.config.settings import Settings
from include.store import Store
from securenet.configuration import InForce
from securenet.wiring import Wiring

ROOT = Path(__file__).parents[1]
DUTIES = {
    "account_expiration",
    "alert_action",
    "api_performance",
    "configuration",
    "daily_summary",
    "database_connectivity",
    "database_health",
    "escalation",
    "housekeeping",
    "page_load",
    "system_health",
}

TIMETABLES = ("CronTriggerTimetable", "AssetOrTimeSchedule", "list", "NoneType", "NullTimetable")


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME of the tests' own."""
    return tmp_path_factory.mktemp("airflow")


def parsed(home: Path, **environment: str) -> Any:
    """What a fresh process finds in dags/, as Airflow's parse is one: see tests/bag.py."""
    env = {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        **environment,
    }
    result = subprocess.run(
        [sys.executable, "-m", "tests.bag", str(ROOT / "dags")], capture_output=True, text=True, env=env, cwd=ROOT, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def bag(airflow_home: Path) -> dict[str, Any]:
    """All DAGs as one parse finds them."""
    found: dict[str, Any] = parsed(airflow_home)
    return found


def test_the_duties_are_the_files(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert set(bag["dags"]) == DUTIES == {path.stem for path in (ROOT / "dags").glob("*.py")}
    assert all(Path(dag["file"]).stem == name for name, dag in bag["dags"].items())


def test_a_parse_imports_nothing_heavy(bag: dict[str, Any]) -> None:
    assert bag["heavy"] == []


@pytest.mark.parametrize("duty", sorted(DUTIES))
def test_every_dag_runs_by_the_same_policy(bag: dict[str, Any], duty: str) -> None:
    dag = bag["dags"][duty]
    assert "At 3 a.m." in dag["doc"]
    assert (dag["catchup"], dag["active"]) == (False, 1)
    assert dag["schedule"] in TIMETABLES, "a timetable object or what rings, never a string"
    assert set(dag["tags"]) in ({"securenet", "scheduled"}, {"securenet", "by hand"})
    assert dag["params"]["dry_run"] is False, "an empty form works"
    for task in dag["tasks"]:
        assert task["owner"] == "securenet"
        assert task["retries"] >= 2
        assert task["backoff"] > 1
        assert 0 < task["limit"] < dag["limit"]
        assert task["weights"] == "absolute"
        assert task["form"] == [], "the form is the DAG's alone: a parse would check each task's copy again"


def test_whatever_runs_by_the_clock_is_watched_over_and_so_is_every_watcher(bag: dict[str, Any], store: Store) -> None:
    """Except for the watch itself: whether that runs, somebody outside hears."""
    scheduled = {name for name, dag in bag["dags"].items() if dag["schedule"] in ("CronTriggerTimetable", "AssetOrTimeSchedule")}
    ringing = {name for name, dag in bag["dags"].items() if dag["schedule"] in ("AssetOrTimeSchedule", "list")}
    assert scheduled | ringing == {name for name, dag in bag["dags"].items() if "scheduled" in dag["tags"]}
    wiring = Wiring(store, InForce(Settings()))
    measured = [
        (sample.metric, *sample.labels.values()) for sample in wiring.source("duties").read(store, wiring.clock(), None, timedelta(0))
    ]
    watched = {("duty_overdue", name) for name in scheduled - {WATCHDOG}} | {("watcher_overdue", name) for name in ringing}
    assert (set(measured), len(measured)) == (watched, 8)


def test_without_a_page_nothing_runs_to_visit_one_and_with_one_it_is_watched_over(
    tmp_path: Path, bag: dict[str, Any], store: Store
) -> None:
    file = tmp_path / "monitoring.yaml"
    file.write_text("targets: {pages: [{name: shop, url: 'https://shop.example.com/'}]}")
    with_one = parsed(tmp_path, SECURENET_CONFIG=str(file))["dags"]["page_load"]
    assert (bag["dags"]["page_load"]["schedule"], with_one["schedule"]) == ("NoneType", "CronTriggerTimetable")
    assert with_one["limit"] == timedelta(minutes=4.5).total_seconds()
    intervals = Wiring(store, InForce(load(file).settings)).intervals
    assert (intervals["page_load"], "page_load" in Wiring(store, InForce(Settings())).intervals) == (timedelta(minutes=5), False)


def test_an_hourly_run_ends_before_the_next_one_is_due(bag: dict[str, Any]) -> None:
    assert bag["dags"]["account_expiration"]["limit"] < timedelta(hours=1).total_seconds()


def test_the_later_verbs_run_whatever_became_of_the_earlier_and_go_first(bag: dict[str, Any]) -> None:
    tasks = {task["id"]: task for task in bag["dags"]["account_expiration"]["tasks"]}
    assert list(tasks) == ["collect", "evaluate", "notify", "report"]
    assert [task["rule"] for task in tasks.values()] == ["all_success", "all_done", "all_done", "all_done"]
    assert tasks["notify"]["weight"] > tasks["evaluate"]["weight"] > tasks["collect"]["weight"]


def test_the_form_is_what_the_documentation_says(bag: dict[str, Any]) -> None:
    assert bag["dags"]["account_expiration"]["params"] == {
        "dry_run": False,
        "send_emails": "as configured",
        "organization": None,
        "release_held": "no",
    }


def test_a_refused_file_fails_only_the_configuration_dag_and_the_rest_keeps_its_schedule(tmp_path: Path) -> None:
    file = tmp_path / "monitoring.yaml"
    file.write_text("monitoring: {account_expiration: {check_interval: 30m}}")
    assert parsed(tmp_path, SECURENET_CONFIG=str(file))["errors"] == {}
    file.write_text("monitoring: {account_expiration: {check_intervall: 30m}}")
    broken = parsed(tmp_path, SECURENET_CONFIG=str(file))
    assert set(broken["dags"]) == DUTIES - {"configuration"}
    assert broken["dags"]["account_expiration"]["limit"] == timedelta(minutes=27).total_seconds()
    ((path, error),) = broken["errors"].items()
    assert path.endswith("configuration.py")
    for part in (str(file), "monitoring.account_expiration.check_intervall", "unknown key; allowed here"):
        assert part in error

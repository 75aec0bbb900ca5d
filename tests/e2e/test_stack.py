"""What a newcomer gets from `make up`, and what an angry one finds. Each test leaves the stack as it found it, but for its history."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.layout import ROOT
from tests.e2e.conftest import Stack, processes, wait

DUTY = "account_expiration"
OWNERS = 12


def reminders(stack: Stack) -> list[dict[str, Any]]:
    return stack.query("select receiver, state, subject from monitoring.message where template = 'reminder' order by id")


def test_up_runs_the_duty_twice_and_writes_to_twelve_owners(stack: Stack) -> None:
    runs = stack.query(f"select counts from monitoring.run where stage = 'evaluate' and duty = '{DUTY}' order by id")
    first, *others = [run["counts"] for run in runs]
    assert first["reminders"] == "baseline"
    assert sum(one["owners"] for one in others) == OWNERS, "in the second run, or in a scheduled one that came before it"
    assert {row["state"] for row in reminders(stack)} == {"sent"}
    subjects = [mail["subject"] for mail in stack.mails()]
    assert len([subject for subject in subjects if "Account expiration" in subject]) == 2
    assert len(subjects) == OWNERS + 2


SERVICES = ("postgres", "securenet", "inbox", "api-server", "scheduler", "dag-processor", "triggerer")


def states(status: dict[str, Any]) -> dict[str, str]:
    """How each service is."""
    return {name: service["state"] for name, service in status["services"].items()}


def test_status_says_that_everything_runs(stack: Stack) -> None:
    wait(lambda: states(stack.status()) == dict.fromkeys(SERVICES, "running"))  # on a busy machine a heartbeat may be late
    result = stack.make("status", "JSON=1")
    status = json.loads(result.stdout)
    assert result.returncode == 0
    duty = status["duties"][DUTY]
    assert set(duty) == {"paused", "last_run", "alerts", "messages"}
    assert (duty["paused"], duty["last_run"]["state"]) == (False, "success")
    assert duty["messages"]["sent"] == OWNERS + 2
    assert status["duties"]["configuration"]["last_run"] is None, "a run that never was is null"


def test_up_again_changes_nothing(stack: Stack) -> None:
    before = len(stack.mails())
    again = stack.make("up")
    assert "not repeated" in again.stderr
    assert stack.exported()["SECURENET_UI"] in again.stdout
    assert len(stack.mails()) == before


def test_the_environment_makes_airflow_and_psql_work(stack: Stack) -> None:
    code = 'eval "$(make -s env)" && psql -At -c "select count(*) from monitoring.alert" && airflow version'
    result = subprocess.run(["bash", "-c", code], cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=True)
    alerts, version = result.stdout.split()
    assert int(alerts) > 20
    assert version == "3.3.2"


def test_a_variable_that_is_set_already_wins(stack: Stack) -> None:
    mine = Stack(stack.folder, stack.config, {**stack.environment, "AIRFLOW_CONN_SECURENET_DB": "postgresql://it's mine/x"})
    assert mine.exported()["AIRFLOW_CONN_SECURENET_DB"] == "postgresql://it's mine/x"


def test_a_dry_run_through_airflow_keeps_nothing(stack: Stack) -> None:
    before = kept(stack)
    assert stack.run(DUTY, dry_run=True)["state"] == "success"
    assert kept(stack) == before


def kept(stack: Stack) -> list[dict[str, Any]]:
    """How much the store has of the duty."""
    return stack.query(
        f"select (select count(*) from monitoring.run where duty = '{DUTY}') as runs,"
        " (select count(*) from monitoring.sample p join monitoring.series s on s.id = p.series_id"
        " where s.metric like 'account%') as samples"
    )


def test_a_run_fails_as_a_whole_when_an_earlier_task_failed(stack: Stack) -> None:
    run = stack.run(DUTY, organization="nobody")
    assert run["state"] == "failed"
    assert run["tasks"] == {"collect": "failed", "evaluate": "success", "notify": "success", "report": "failed"}


def test_a_watched_database_that_is_gone_is_told_in_a_green_run_and_so_is_its_return(stack: Stack) -> None:
    stack.make("stop-demo")
    assert stack.status()["services"]["securenet"]["state"] == "stopped"
    assert stack.run(DUTY)["state"] == "success"
    (alert,) = stack.query(f"{SOURCE} and state <> 'resolved'")
    assert (alert["state"], alert["reason"]) == ("unknown", "no_data")
    assert any("no data" in mail["subject"] for mail in stack.mails())
    assert stack.status()["duties"][DUTY]["alerts"]["unknown"] > 20
    stack.make("start-demo")
    assert stack.run(DUTY)["state"] == "success"
    assert [row["state"] for row in stack.query(SOURCE)] == ["resolved"]


SOURCE = f"select state, reason from monitoring.alert where duty = '{DUTY}' and rule = 'source_up'"


def scheduled(stack: Stack) -> list[str]:
    """The scheduled runs that collected, oldest first."""
    rows = stack.query(
        "select run_id from monitoring.run where duty = 'account_expiration' and stage = 'collect' and run_id like 'scheduled%' order by id"
    )
    return [row["run_id"] for row in rows]


def schedule(stack: Stack) -> str:
    """When Airflow runs the duty."""
    with stack.api() as api:
        return str(api.get(f"/dags/{DUTY}").raise_for_status().json()["timetable_summary"])


def import_errors(stack: Stack) -> list[dict[str, Any]]:
    """The files that Airflow cannot read."""
    with stack.api() as api:
        return list(api.get("/importErrors").raise_for_status().json()["import_errors"])


def test_after_the_configuration_breaks_the_next_scheduled_run_still_happens_and_says_so(stack: Stack) -> None:
    good, hourly = stack.config.read_text(), schedule(stack)
    try:
        stack.config.write_text(good.replace('check_interval: "1h"', 'check_interval: "1m"'))
        stack.parse()
        wait(lambda: schedule(stack) != hourly)
        stack.config.write_text(good.replace("check_interval:", "check_intervall:"))
        stack.parse()
        before = scheduled(stack)
        wait(lambda: len(scheduled(stack)) > len(before) and stack.query(f"{VALID} and state = 'firing'"))
        (alert,) = stack.query(f"{VALID} and state = 'firing'")
        assert "check_intervall: unknown key; allowed here" in alert["summary"]
        (error,) = wait(lambda: import_errors(stack))
        assert Path(error["filename"]).name == "configuration.py"
        assert "check_intervall" in error["stack_trace"]
        assert stack.make("config", check=False).returncode == 2
        assert stack.make("check", f"DUTY={DUTY}", check=False).returncode == 2
    finally:
        stack.config.write_text(good)
    assert stack.run(DUTY)["state"] == "success"
    assert [row["state"] for row in stack.query(VALID)] == ["resolved"]


VALID = "select summary, state from monitoring.alert where rule = 'config_valid'"


@pytest.mark.parametrize("victim", ["scheduler", "postgres"])
def test_a_killed_service_is_stale_and_up_heals_it(stack: Stack, victim: str) -> None:
    for process in processes(stack, victim):
        os.kill(process.pid, signal.SIGKILL)
    result = stack.make("status", "JSON=1", check=False)
    assert result.returncode == 1
    assert stack.status()["services"][victim]["state"] == "stale"
    stack.make("up")
    assert stack.status()["services"][victim]["state"] == "running"
    assert stack.run(DUTY)["state"] == "success"

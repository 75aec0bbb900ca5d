"""Airflow: its processes, its one user, and its REST API."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from local import environment
from local.passwords import password

USER = "admin"
API_SERVER = "api-server"
# service -> the arguments it starts with, and its name in the health report
PROCESSES = {
    API_SERVER: (["api-server"], "metadatabase"),
    "scheduler": (["scheduler", "--skip-serve-logs"], "scheduler"),
    "dag-processor": (["dag-processor"], "dag_processor"),
    "triggerer": (["triggerer", "--skip-serve-logs"], "triggerer"),
}


def command(service: str) -> list[str]:
    """What starts the service."""
    return [str(Path(sys.executable).with_name("airflow")), *PROCESSES[service][0]]


def health(service: str, age: float) -> bool:
    """Whether the API server answers and has lately heard from that process, which is so many seconds old, and not from one before it."""
    try:
        report = httpx.get(f"{address()}/api/v2/monitor/health", timeout=3).json()
    except (httpx.HTTPError, ValueError):
        return False
    name = PROCESSES[service][1]
    found = report.get(name, {})
    return bool(found.get("status") == "healthy" and seconds_since(found.get(f"latest_{name}_heartbeat")) <= age)


def seconds_since(moment: str | None) -> float:
    """How long ago that was; 0 for what has no heartbeat of its own."""
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds() if moment else 0


def address() -> str:
    """Where the UI is."""
    return environment.variables()["SECURENET_UI"]


def password_file() -> Path:
    """Where the UI's password stands, and where Airflow reads it. Exists afterwards, for its owner alone."""
    path = Path(environment.variables()["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({USER: password("ui")}))
    return path


@dataclass(frozen=True)
class Api:
    """The REST API, signed in as the generated user."""

    base: str = field(default_factory=address)

    @cached_property
    def client(self) -> httpx.Client:
        """Signed in on first use."""
        words = {"username": USER, "password": json.loads(password_file().read_text())[USER]}
        answer = httpx.post(f"{self.base}/auth/token", json=words, timeout=30).raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=f"{self.base}/api/v2", headers=headers, timeout=30)

    def dag_ids(self) -> set[str]:
        """The DAGs that the scheduler knows."""
        return {dag["dag_id"] for dag in self._get("/dags", limit=500)["dags"]}

    def import_errors(self) -> dict[str, str]:
        """File name -> what is wrong with it."""
        found = self._get("/importErrors", limit=500)["import_errors"]
        return {Path(error["filename"]).name: error["stack_trace"] for error in found}

    def unpause_all(self) -> None:
        """Switch on every DAG that is known now."""
        answer = self.client.patch("/dags", params={"dag_id_pattern": "%", "limit": 500}, json={"is_paused": False})
        answer.raise_for_status()

    def run(self, dag_id: str, run_id: str) -> dict[str, Any] | None:
        """The run's record, None when it never was."""
        answer = self.client.get(f"/dags/{dag_id}/dagRuns/{run_id}")
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status().json()

    def trigger(self, dag_id: str, run_id: str) -> None:
        """Start a run under that id."""
        body = {"dag_run_id": run_id, "logical_date": None}
        self.client.post(f"/dags/{dag_id}/dagRuns", json=body).raise_for_status()

    def tasks(self, dag_id: str, run_id: str) -> Iterator[tuple[str, str, int]]:
        """Task id, state and try number, in the order they started."""
        found = self._get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        for task in sorted(found, key=lambda task: task["start_date"] or "~"):
            yield task["task_id"], task["state"] or "waiting", task["try_number"]

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int) -> list[str]:
        """The lines of a task's log."""
        found = self._get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}", full_content=True)
        return [_line(event) for event in found["content"]]

    def _get(self, path: str, **query: object) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(path, params=query).raise_for_status().json()  # type: ignore[arg-type]
        return found


def _line(event: dict[str, Any] | str) -> str:
    """Level, text and, where there is one, the exception."""
    if isinstance(event, str):
        return event
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in event.get("error_detail") or []]
    return " ".join([event.get("level", ""), event["event"], *errors]).strip()

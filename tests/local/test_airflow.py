"""What the API server says of Airflow's processes, and what is taken for a sign of life."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from local import airflow
from tests.probes.servers import answer, says, serving


def reported(status: str, beaten: timedelta) -> bytes:
    """A health report as Airflow gives it."""
    beat = (datetime.now(UTC) - beaten).isoformat()
    scheduler = {"status": status, "latest_scheduler_heartbeat": beat}
    return answer(json.dumps({"metadatabase": {"status": "healthy"}, "scheduler": scheduler}).encode())


@pytest.mark.parametrize(
    ("status", "age", "lives"),
    [
        ("healthy", 60, True),
        ("healthy", 2, False),
        ("unhealthy", 60, False),
    ],
)
def test_a_process_is_heard_of_by_a_heartbeat_of_its_own_and_not_of_the_one_before_it(
    status: str, age: float, lives: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(says(reported(status, timedelta(seconds=20)))) as server:
        monkeypatch.setattr(airflow, "address", lambda: server.url.rstrip("/"))
        assert airflow.health("scheduler", age) is lives
        assert airflow.health("api-server", age), "it has no heartbeat: it answers"


def test_whoever_does_not_answer_is_not_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow, "address", lambda: "http://127.0.0.1:9")
    assert not airflow.health("api-server", 60)

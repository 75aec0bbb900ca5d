"""How each duty stands: paused or not, its last run, its alerts and messages."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from include.model import utc_now

DAY = timedelta(days=1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(chosen: argparse.Namespace) -> int:
    """Print the overview as JSON; the exit code."""
    print(json.dumps(overview()))
    return 0


def overview() -> dict[str, dict[str, Any]]:
    """{dag_id: {"paused", "last_run", "alerts", "messages"}}: states with a count of 0 are left out; no run yet is None.

    One that Airflow cannot import, as `configuration` while the file is refused, is there with what there is to tell of it.
    """
    from securenet.wiring import store

    since = utc_now() - DAY
    with store("securenet status") as opened:
        alerts = opened.many("alerts.counts", since=since)
        messages = opened.many("messages.counts", since=since)
    return {
        duty: {**airflow, "alerts": count(alerts, duty, "alerts"), "messages": count(messages, duty, "messages")}
        for duty, airflow in airflow_view({row["duty"] for row in (*alerts, *messages)}).items()
    }


def count(rows: list[dict[str, Any]], duty: str, column: str) -> dict[str, int]:
    """{state: number} of one duty."""
    return {row["state"]: row[column] for row in rows if row["duty"] == duty}


def airflow_view(told: Collection[str]) -> dict[str, dict[str, Any]]:
    """{dag_id: {"paused", "last_run"}} as Airflow's own database has it: of DAGs that can be imported, and of those that are told of."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        shown = DagModel.is_stale.is_(False) | DagModel.dag_id.in_(told)
        dags = session.scalars(select(DagModel).where(shown).order_by(DagModel.dag_id)).all()
        newest = select(DagRun).order_by(DagRun.run_after.desc()).limit(1)
        return {
            dag.dag_id: {"paused": dag.is_paused, "last_run": last_run(session.scalar(newest.where(DagRun.dag_id == dag.dag_id)))}
            for dag in dags
        }


def last_run(run: Any) -> dict[str, Any] | None:
    """{"state", "run_after", "seconds"}; seconds is None while it runs."""
    if run is None:
        return None
    seconds = (run.end_date - run.start_date).total_seconds() if run.end_date and run.start_date else None
    return {
        "state": str(run.state.value if hasattr(run.state, "value") else run.state),
        "run_after": run.run_after.isoformat(),
        "seconds": seconds,
    }

"""How every DAG runs, in one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param

from include.config.settings import Settings
from securenet.configuration import at_parse

OWNER = "securenet"
RETRIES = 3
# A duty that is unpaused for the first time begins with its next moment, not with one that has passed.
NOT_AT_ONCE = timedelta(0)
BY_HAND_LIMIT = timedelta(hours=1)

Schedule = Callable[[Settings], "timedelta | time | None"]

DRY_RUN = Param(False, type="boolean", title="Dry run", description="Compute and show everything, keep and send nothing")


def duty(file: str, doc: str | None, schedule: Schedule | None = None, **params: Any) -> DAG:
    """The DAG of a duty, named after its file.

    `schedule` reads the settings: a timedelta is an interval that divides the day, a time is once a day; None is by hand.
    Every form begins with `dry_run`; `params` follow.
    """
    settings = at_parse()
    every = schedule(settings) if schedule else None
    name = Path(file).stem
    return DAG(
        dag_id=name,
        doc_md=doc,
        schedule=timetable(every, settings.monitoring.zone),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=run_limit(every),
        default_args=default_args(run_limit(every)),
        params={"dry_run": DRY_RUN, **params},
        tags=["securenet", "scheduled" if every else "by hand"],
        render_template_as_native_obj=False,
    )


def default_args(limit: timedelta) -> dict[str, Any]:
    """What every task of a run with this limit does: retry with growing pauses, stop in time, and let notify go first."""
    return {
        "owner": OWNER,
        "retries": RETRIES,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": min(timedelta(minutes=15), limit / 3),
        "weight_rule": "absolute",
    }


def timetable(every: timedelta | time | None, zone: str) -> CronTriggerTimetable | None:
    """A timetable object with its zone; None for a duty by hand."""
    if every is None:
        return None
    expression = f"{every.minute} {every.hour} * * *" if isinstance(every, time) else cron(every)
    return CronTriggerTimetable(expression, timezone=zone, run_immediately=NOT_AT_ONCE)


def cron(every: timedelta) -> str:
    """An interval that divides the day, as cron spells it."""
    minutes = int(every.total_seconds()) // 60
    if minutes < 60:
        return f"*/{minutes} * * * *"
    hours = minutes // 60
    return "0 * * * *" if hours == 1 else f"0 */{hours} * * *" if hours < 24 else "0 0 * * *"


def run_limit(every: timedelta | time | None) -> timedelta:
    """A timed run ends before the next one is due; others have a stated limit."""
    return every * 0.9 if isinstance(every, timedelta) else BY_HAND_LIMIT

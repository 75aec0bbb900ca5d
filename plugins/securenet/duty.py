"""How every DAG runs, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param
from airflow.sdk.definitions.param import ParamsDict

from include.config.duties import WATCHING, clocked, section_of
from include.config.times import duration, hour_minute
from securenet.parsing import at_parse, digest

OWNER = "securenet"
RETRIES = 3
# A duty that is unpaused for the first time begins with its next moment, not with one that has passed.
NOT_AT_ONCE = timedelta(0)
# Each parse checks each field's schema. Against this draft that is a quarter of the work.
DRAFT = "http://json-schema.org/draft-07/schema#"
BY_HAND_LIMIT = timedelta(hours=1)
# A run that a watcher rings for only sends what waits, and writes down what changed.
WATCHED_LIMIT = timedelta(minutes=5)


@contextmanager
def duty(file: str, doc: str | None, **fields: Param) -> Iterator[DAG]:
    """The DAG of a duty, named after its file.

    Whether it runs by the clock, and whether a watcher rings for it, `include/config/duties.py` says; when, its section does.
    `fields` are those of its form. They join the DAG after its tasks, each of which would else get a copy that every parse checks again.
    """
    name, accepted = Path(file).stem, at_parse()
    settings = accepted["monitoring"]
    section = settings[section_of(name)] if name in clocked(accepted["targets"]) else {}
    interval = duration(section["check_interval"]) if "check_interval" in section else None
    moment = hour_minute(section["at"]) if "at" in section else None
    clock = timetable(cron(interval, moment), settings["zone"])
    limit = WATCHED_LIMIT if name in WATCHING and not interval else run_limit(interval)
    with DAG(
        dag_id=name,
        doc_md=doc,
        schedule=rung(name, clock) if name in WATCHING else clock,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=limit,
        default_args=default_args(limit),
        tags=["securenet", "scheduled" if clock or name in WATCHING else "by hand"],
        render_template_as_native_obj=False,
    ) as dag:
        yield dag
        dag.params = form(fields)


def rung(name: str, clock: Any) -> Any:
    """Whenever the duty's watcher rings, and by the clock if there is one. A changed configuration makes another watcher."""
    from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher

    from securenet.triggers.watcher import Watcher

    watcher = AssetWatcher(name=f"{name}_watcher", trigger=Watcher(name, digest()))
    assets = [Asset(f"securenet_{name}", watchers=[watcher])]
    return AssetOrTimeSchedule(timetable=clock, assets=assets) if clock else assets


def form(fields: dict[str, Param]) -> ParamsDict:
    """Every form begins with `dry_run`. Airflow writes what was filled in into a Param, so no two DAGs share one."""
    dry_run = Param(False, type="boolean", title="Dry run", description="Compute and show everything, keep and send nothing")
    made = {"dry_run": dry_run, **fields}
    for field in made.values():
        field.schema["$schema"] = DRAFT
    return ParamsDict(made)


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


def timetable(expression: str | None, zone: str) -> CronTriggerTimetable | None:
    """A timetable object with its zone; None for a duty by hand."""
    return CronTriggerTimetable(expression, timezone=zone, run_immediately=NOT_AT_ONCE) if expression else None


def cron(interval: timedelta | None, moment: time | None) -> str | None:
    """An interval that divides the day, or a time of day, as cron spells it; None where there is neither."""
    if moment:
        return f"{moment.minute} {moment.hour} * * *"
    if interval is None:
        return None
    hours, minutes = divmod(int(interval.total_seconds()) // 60, 60)
    if not hours:
        return f"*/{minutes} * * * *"
    return "0 * * * *" if hours == 1 else f"0 */{hours} * * *" if hours < 24 else "0 0 * * *"


def run_limit(interval: timedelta | None) -> timedelta:
    """A run ends before the next one is due; those without an interval have a stated limit."""
    return interval * 0.9 if interval else BY_HAND_LIMIT
